//! Passwords derived from a master password, as the Master Password algorithm
//! of Lyndir does: the same for the same site, and stored nowhere.

use gotmpl::Value;
use hmac::{Hmac, KeyInit, Mac};
use scrypt::{Params, scrypt};
use sha2::Sha256;

use crate::args::{Outcome, any, bytes};

const SEED: &[u8] = b"com.lyndir.masterpassword";

/// Derives a password from counter, type, master password, user and site.
pub(super) fn derive(args: &[Value]) -> Outcome {
    let counter = if let Value::Uint32(counter) = any(args, 0) { *counter } else { 0 };
    let Some(templates) = templates(bytes(args, 1)) else {
        return Ok(Value::str([b"cannot find password template ", bytes(args, 1)].concat()));
    };
    let (password, user, site) = (bytes(args, 2), bytes(args, 3), bytes(args, 4));
    let params = Params::new(15, 8, 2).map_err(|err| err.to_string())?;
    let mut key = [0; 64];
    let salt = [SEED, &length(user), user].concat();
    scrypt(password, &salt, &params, &mut key).map_err(|err| err.to_string())?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|err| err.to_string())?;
    mac.update(&[SEED, &length(site), site, &counter.to_be_bytes()].concat());
    let seed = mac.finalize().into_bytes();
    let template = templates[usize::from(seed[0]) % templates.len()];
    let symbols = template.bytes().zip(&seed[1..]).map(|(class, byte)| {
        let set = characters(class);
        set[usize::from(*byte) % set.len()]
    });
    Ok(Value::str(symbols.collect::<Vec<u8>>()))
}

fn length(text: &[u8]) -> [u8; 4] {
    // Texts of more than four gigabytes do not get here.
    (text.len() as u32).to_be_bytes()
}

fn templates(kind: &[u8]) -> Option<&'static [&'static str]> {
    Some(match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

fn characters(class: u8) -> &'static [u8] {
    match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}
