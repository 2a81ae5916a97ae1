//! What `fmt` prints, as Go 1.26 prints it.

use super::{sprint, sprintf};
use crate::types::Type;
use crate::value::{List, Value};

#[track_caller]
fn check(format: &str, args: &[Value], want: &str) {
    let got = sprintf(format.as_bytes(), args);
    assert_eq!(String::from_utf8_lossy(&got), want, "format: {format:?}");
}

#[test]
fn wrong_verbs_are_shown_in_the_text() {
    check("%d", &[Value::str("hi")], "%!d(string=hi)");
    check("%s", &[Value::Float64(3.0)], "%!s(float64=3)");
    check("%d", &[Value::Nil], "%!d(<nil>)");
    check("%[5]v", &[Value::Int(1)], "%!v(BADINDEX)");
    check("%d %d", &[Value::Int(1)], "1 %!d(MISSING)");
    check("x", &[Value::Int(1), Value::str("a")], "x%!(EXTRA int=1, string=a)");
    check("%", &[], "%!(NOVERB)");
    check("%!", &[Value::Int(1)], "%!!(int=1)");
}

#[test]
fn floats_print_like_strconv_g() {
    for (x, want) in [
        (999_999.0, "999999"),
        (1_000_000.0, "1e+06"),
        (12_345_678.9, "1.23456789e+07"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (-0.0, "-0"),
        (f64::INFINITY, "+Inf"),
        (f64::NAN, "NaN"),
    ] {
        check("%v", &[Value::Float64(x)], want);
    }
}

#[test]
fn flags_and_widths_apply() {
    check(
        "%05d|%-5d|%+d|% d|%x|%#x|%X",
        &[5, 5, 5, 5, 255, 255, 255].map(Value::Int),
        "00005|5    |+5| 5|ff|0xff|FF",
    );
    check(
        "%6.2f|%-8.3f|%08.3f|%+.1e",
        &[3.125, 2.5, -1.5, 12345.678].map(Value::Float64),
        "  3.12|2.500   |-001.500|+1.2e+04",
    );
    check(
        "%5s|%-5s|%.2s|%q|%x|% x",
        &["ab", "ab", "äöü", "a\n", "hi", "hi"].map(Value::str),
        "   ab|ab   |äö|\"a\\n\"|6869|68 69",
    );
    check(
        "%*d|%-*d|%.*f",
        &[Value::Int(4), Value::Int(1), Value::Int(4), Value::Int(2), Value::Int(1), Value::Float64(2.55)],
        "   1|2   |2.5",
    );
    check("%[2]d %[1]d", &[Value::Int(1), Value::Int(2)], "2 1");
    check("%U %#U %c %q", &[0x1f600, 0x78, 0x41, 0x41].map(Value::Int), "U+1F600 U+0078 'x' A 'A'");
    check("%b %o %O", &[5, 8, 8].map(Value::Int), "101 10 0o10");
}

#[test]
fn containers_print_their_elements() {
    let list = Value::list(vec![Value::Int(1), Value::Nil, Value::str("a")]);
    check("%v", std::slice::from_ref(&list), "[1 <nil> a]");
    check("%#v", std::slice::from_ref(&list), "[]interface {}{1, interface {}(nil), \"a\"}");
    check("%d", &[list], "[1 <nil> %!d(string=a)]");
    let map = Value::map([("b", Value::Float64(1.5)), ("a", Value::Nil)]);
    check("%v", std::slice::from_ref(&map), "map[a:<nil> b:1.5]");
    check("%#v", std::slice::from_ref(&map), "map[string]interface {}{\"a\":interface {}(nil), \"b\":1.5}");
    check("%T", &[map], "map[string]interface {}");
    let bytes = Value::List(List::new(Type::BYTES, b"hi".map(Value::Uint8).to_vec()));
    check(
        "%v %s %x %q",
        &[bytes.clone(), bytes.clone(), bytes.clone(), bytes.clone()],
        "[104 105] hi 6869 \"hi\"",
    );
    check("%#v", &[bytes], "[]byte{0x68, 0x69}");
}

#[test]
fn print_puts_blanks_between_non_strings_only() {
    assert_eq!(sprint(&[Value::Int(1), Value::Int(2)]), b"1 2");
    assert_eq!(sprint(&[Value::str("a"), Value::str("b")]), b"ab");
    assert_eq!(sprint(&[Value::str("a"), Value::Int(1), Value::Nil, Value::Bool(true)]), b"a1 <nil> true");
}

#[test]
fn a_map_that_holds_itself_prints_an_end() {
    let map = crate::value::Map::new();
    map.insert("me", Value::Map(map.clone()));
    map.insert("too", Value::Map(map.clone()));
    let text = sprint(&[Value::Map(map)]);
    assert!(text.starts_with(b"map[me:map[me:map["));
}
