//! `fab set image`: where an image is found, and what is set there.

use crate::hld::Hld;

const COMMON: &str = "subcomponents:\n  web:\n    config:\n      image:\n        repository: acr.io/shop/web # ours\n        tag: \"1.0\"\n  jobs:\n    config:\n      sidecarImage: acr.io/shop/proxy:3\n      containers:\n      - image: acr.io/shop/job\n        tag: v1\n";

/// Sets an image and compares what becomes of the config file of `prod`.
#[track_caller]
fn check(common: &str, prod: &str, image: &str, want: &str) {
    let hld = Hld::new(&[("config/common.yaml", common), ("config/prod.yaml", prod)]);
    hld.fab(&["set", "image", image, "--environment", "prod"]).exited(0, &["set", "image", image]);
    assert_eq!(
        (hld.read("config/prod.yaml").as_str(), hld.read("config/common.yaml").as_str()),
        (want, common),
        "{image}"
    );
}

#[test]
fn an_image_is_set_where_it_is_set() {
    let check = |image: &str, old: &str, new: &str| check("", COMMON, image, &COMMON.replace(old, new));
    check("web=acr.io/shop/web:1.1", "\"1.0\"", "\"1.1\"");
    check("acr.io/shop/web=acr.io/shop/web:1.1", "\"1.0\"", "\"1.1\"");
    check("shop/web=acr.io/new/web:1.0", "acr.io/shop/web #", "acr.io/new/web #");
    check("proxy=acr.io/shop/proxy:4@sha256:ab", "proxy:3", "proxy:4@sha256:ab");
    check("job=acr.io/shop/job:v2", "tag: v1", "tag: v2");
}

#[test]
fn a_weaker_layer_says_where() {
    let want = "subcomponents:\n  web:\n    config:\n      image:\n        tag: \"1.1\"\n";
    check(COMMON, "", "web=acr.io/shop/web:1.1", want);
    let want = "subcomponents:\n  web:\n    config:\n      image:\n        digest: sha256:ab\n        repository: acr.io/web\n        tag: \"1.1\"\n";
    check(COMMON, "", "shop/web=acr.io/web:1.1@sha256:ab", want);
}

#[test]
fn registries_and_digests_stay_in_keys_of_their_own() {
    let before =
        "config:\n  image: {registry: docker.io, repository: bitnami/redis, tag: '6', digest: sha256:old}\n";
    let want = "config:\n  image: {registry: docker.io, repository: bitnami/redis, tag: '7', digest: \"\"}\n";
    check("", before, "redis=docker.io/bitnami/redis:7", want);
    let want =
        "config:\n  image: {registry: acr.io, repository: mirror/redis, tag: '7', digest: \"sha256:new\"}\n";
    check("", before, "bitnami/redis=acr.io/mirror/redis:7@sha256:new", want);
}

#[test]
fn the_values_of_a_chart_say_where() {
    let hld = Hld::new(&[
        ("component.yaml", "name: root\nsubcomponents:\n- {name: web, type: helm, path: ./chart}\n"),
        ("chart/values.yaml", "web: {image: {repository: nginx, tag: latest}}\n"),
    ]);
    hld.fab(&["set", "image", "nginx=nginx:1.27"]).exited(0, &[]);
    let want = "subcomponents:\n  web:\n    config:\n      web:\n        image:\n          tag: \"1.27\"\n";
    assert_eq!(hld.read("config/common.yaml"), want);
}

#[test]
fn err_an_image_is_nowhere() {
    let hld = Hld::new(&[("config/common.yaml", COMMON)]);
    let run = hld.fab(&["set", "image", "wbe=wbe:1", "--environment", "prod"]);
    run.exited(2, &[])
        .says(&["no image `wbe` is set in config/prod.yaml, config/common.yaml", "`acr.io/shop/web`"]);
    for image in ["web", "web=web", "=web:1", "web=:1"] {
        hld.fab(&["set", "image", image]).exited(2, &[image]).says(&["it has to be name=repository:tag"]);
    }
    assert_eq!(hld.files(""), ["config/common.yaml"]);
}
