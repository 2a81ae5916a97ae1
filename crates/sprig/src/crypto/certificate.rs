//! X.509 certificates, byte for byte as Go's `crypto/x509` builds them from
//! Sprig's template.

use std::any::Any as StdAny;
use std::net::IpAddr;
use std::rc::Rc;

use crypto_bigint::U1024;
use gotmpl::Type::{Int, String as Text};
use gotmpl::{CallError, Exec, Function, Kind, Object, Str, Type, Value, fmt, strconv};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;
use sha2::{Digest, Sha256};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::SubjectKeyIdentifier;

use super::der;
use super::keys::{PrivateKey, generate_rsa};
use super::pem;
use crate::args::{Outcome, any, bytes, function, int};
use crate::encoding::decode_base64;
use crate::env::{Env, env};
use crate::time::{Duration, Time, Zone};

/// `sprig.certificate`
const CERTIFICATE: Type = Type::Opaque("sprig.certificate", Kind::Struct);
const LIST: Type = Type::LIST;

pub(crate) const FUNCTIONS: &[Function] = &[
    function("genCA", &[Text, Int], CERTIFICATE, |exec, args| authority(exec, "genCA", args, None)),
    function("genCAWithKey", &[Text, Int, Text], CERTIFICATE, |exec, args| {
        authority(exec, "genCAWithKey", args, Some(bytes(args, 2)))
    }),
    function("genSelfSignedCert", &[Text, LIST, LIST, Int], CERTIFICATE, |exec, args| {
        self_signed(exec, "genSelfSignedCert", args, None)
    }),
    function("genSelfSignedCertWithKey", &[Text, LIST, LIST, Int, Text], CERTIFICATE, |exec, args| {
        self_signed(exec, "genSelfSignedCertWithKey", args, Some(bytes(args, 4)))
    }),
    function("genSignedCert", &[Text, LIST, LIST, Int, CERTIFICATE], CERTIFICATE, |exec, args| {
        signed(exec, "genSignedCert", args, None)
    }),
    function(
        "genSignedCertWithKey",
        &[Text, LIST, LIST, Int, CERTIFICATE, Text],
        CERTIFICATE,
        |exec, args| signed(exec, "genSignedCertWithKey", args, Some(bytes(args, 5))),
    ),
    function("buildCustomCert", &[Text, Text], CERTIFICATE, |_, args| custom(bytes(args, 0), bytes(args, 1))),
];

/// A certificate with its key, both in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Certificate {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl Object for Certificate {
    fn go_type(&self) -> Type {
        CERTIFICATE
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Cert" => Some(Value::str(self.cert.as_slice())),
            "Key" => Some(Value::str(self.key.as_slice())),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Cert", Value::str(self.cert.as_slice())), ("Key", Value::str(self.key.as_slice()))]
    }

    fn json(&self) -> Result<Value, String> {
        Ok(Value::map(self.fields()))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Certificate>() == Some(self)
    }

    fn as_any(&self) -> &dyn StdAny {
        self
    }
}

/// What a certificate says, but for who signs it.
struct Template<'a> {
    common_name: &'a [u8],
    serial: [u8; 16],
    not_before: Time,
    not_after: Time,
    ips: Vec<IpAddr>,
    names: Vec<Vec<u8>>,
    is_authority: bool,
}

/// Who signs: the name and the identifier of the issuer, and its key.
struct Signer<'a> {
    name: Vec<u8>,
    key_id: Vec<u8>,
    key: &'a PrivateKey,
}

/// Steps of an execution that take as long as making a key of 2048 bits and signing it.
const CERTIFICATE_STEPS: u64 = 800_000;

/// What the functions that make certificates share: the key that they certify, and whose serial number
/// comes from the same generator.
struct Maker<'a> {
    exec: &'a Exec<'a>,
    env: &'a Env,
    function: &'static str,
    random: ChaCha20Rng,
    key: PrivateKey,
}

fn authority(exec: &mut Exec<'_>, function: &'static str, args: &[Value], key: Option<&[u8]>) -> Outcome {
    exec.work(CERTIFICATE_STEPS)?;
    let mut maker = Maker::new(exec, function, key)?;
    let mut template = maker.template((bytes(args, 0), int(args, 1)));
    template.is_authority = true;
    let signer = Signer { name: template.subject()?, key_id: Vec::new(), key: &maker.key };
    maker.sign(&template, &signer)
}

fn self_signed(exec: &mut Exec<'_>, function: &'static str, args: &[Value], key: Option<&[u8]>) -> Outcome {
    exec.work(CERTIFICATE_STEPS)?;
    let mut maker = Maker::new(exec, function, key)?;
    let template = maker.leaf(args)?;
    let signer = Signer { name: template.subject()?, key_id: Vec::new(), key: &maker.key };
    maker.sign(&template, &signer)
}

fn signed(exec: &mut Exec<'_>, function: &'static str, args: &[Value], key: Option<&[u8]>) -> Outcome {
    exec.work(CERTIFICATE_STEPS)?;
    let mut maker = Maker::new(exec, function, key)?;
    let empty = Certificate { cert: Vec::new(), key: Vec::new() };
    let authority = any(args, 4).as_object::<Certificate>().unwrap_or(&empty);
    let block = pem::decode(&authority.cert).ok_or("unable to decode certificate")?;
    let issuer = parse(&block.bytes).map_err(|err| {
        CallError::new(format!("error parsing certificate: decodedSignerCert.Bytes: {err}"))
    })?;
    let signing_key = PrivateKey::parse(&authority.key)
        .map_err(|err| CallError::new(format!("error parsing private key: {err}")))?;
    let template = maker.leaf(args)?;
    if signing_key.public_info().is_some_and(|info| info != issuer.public_info) {
        return Err(
            "error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey".into()
        );
    }
    let same_name = issuer.name == template.subject()?;
    let key_id = if same_name { Vec::new() } else { issuer.key_id };
    maker.sign(&template, &Signer { name: issuer.name, key_id, key: &signing_key })
}

/// Checks a certificate and a key that a chart brings, and returns both.
fn custom(cert: &[u8], key: &[u8]) -> Outcome {
    let cert = decode_base64(cert).map_err(|_| "unable to decode base64 certificate")?;
    let key = decode_base64(key).map_err(|_| "unable to decode base64 private key")?;
    let block = pem::decode(&cert).ok_or("unable to decode certificate")?;
    parse(&block.bytes).map_err(|err| format!("error parsing certificate: decodedCert.Bytes: {err}"))?;
    PrivateKey::parse(&key).map_err(|err| format!("error parsing private key: {err}"))?;
    Ok(Value::Object(Rc::new(Certificate { cert, key })))
}

impl<'a> Maker<'a> {
    /// Takes the given key, or makes one.
    fn new(exec: &'a Exec<'a>, function: &'static str, pem: Option<&[u8]>) -> Result<Self, CallError> {
        let env = env(exec)?;
        let mut random = env.random(exec, function);
        let key = match pem {
            Some(pem) => {
                PrivateKey::parse(pem).map_err(|err| CallError::new(format!("parsing private key: {err}")))?
            }
            None => generate_rsa::<{ U1024::LIMBS }>(&mut random)?,
        };
        Ok(Maker { exec, env, function, random, key })
    }

    fn template<'t>(&mut self, (common_name, days): (&'t [u8], i64)) -> Template<'t> {
        let mut serial = [0; 16];
        self.random.fill_bytes(&mut serial);
        let not_before = Time::now(self.env, self.exec, self.function).in_zone(Zone::Utc);
        // Go multiplies in 64 bits, so a validity of more than 292 years wraps.
        let validity = Duration(days.wrapping_mul(24 * 3600).wrapping_mul(Duration::SECOND.0));
        let not_after = not_before.add(validity);
        let (ips, names) = (Vec::new(), Vec::new());
        Template { common_name, serial, not_before, not_after, ips, names, is_authority: false }
    }

    /// Signs a certificate for the key, and records it.
    fn sign(&self, template: &Template<'_>, signer: &Signer<'_>) -> Outcome {
        let certificate = template.sign(&self.key, signer)?;
        for text in [&certificate.cert, &certificate.key] {
            self.env.made(&Str::from(text.as_slice()));
        }
        Ok(Value::Object(Rc::new(certificate)))
    }

    fn leaf<'t>(&mut self, args: &'t [Value]) -> Result<Template<'t>, CallError> {
        let ips = items(any(args, 1)).iter().map(ip).collect::<Result<_, _>>()?;
        let names = items(any(args, 2)).iter().map(dns_name).collect::<Result<_, _>>()?;
        Ok(Template { ips, names, ..self.template((bytes(args, 0), int(args, 3))) })
    }
}

fn items(list: &Value) -> Vec<Value> {
    list.as_list().map(|list| list.items().clone()).unwrap_or_default()
}

fn ip(value: &Value) -> Result<IpAddr, CallError> {
    let Some(text) = value.as_str() else {
        return Err(format!("error parsing ip: {} is not a string", fmt::display(value).to_text()).into());
    };
    let parsed = text.as_text().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| CallError::new(format!("error parsing ip: {}", text.to_text())))
}

fn dns_name(value: &Value) -> Result<Vec<u8>, CallError> {
    match value.as_str() {
        Some(name) => Ok(name.as_bytes().to_vec()),
        None => {
            let shown = fmt::display(value);
            Err(format!("error processing alternate dns name: {} is not a string", shown.to_text()).into())
        }
    }
}

/// What is needed of an issuer's certificate.
struct Issuer {
    name: Vec<u8>,
    key_id: Vec<u8>,
    public_info: Vec<u8>,
}

fn parse(bytes: &[u8]) -> Result<Issuer, &'static str> {
    const MALFORMED: &str = "x509: malformed certificate";
    let certificate = x509_cert::Certificate::from_der(bytes).map_err(|_| MALFORMED)?;
    let body = certificate.tbs_certificate();
    let key_id = body.get_extension::<SubjectKeyIdentifier>().map_err(|_| MALFORMED)?;
    Ok(Issuer {
        name: body.subject().to_der().map_err(|_| MALFORMED)?,
        key_id: key_id.map(|(_, id)| id.0.as_bytes().to_vec()).unwrap_or_default(),
        public_info: body.subject_public_key_info().to_der().map_err(|_| MALFORMED)?,
    })
}

impl Template<'_> {
    fn subject(&self) -> Result<Vec<u8>, CallError> {
        const COMMON_NAME: &[u8] = &[0x55, 4, 3];
        if self.common_name.is_empty() {
            return Ok(der::sequence(&[]));
        }
        let printable = |byte: &u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(byte);
        let tag =
            if self.common_name.iter().all(printable) { der::PRINTABLE_STRING } else { der::UTF8_STRING };
        if std::str::from_utf8(self.common_name).is_err() {
            return Err("error creating certificate: asn1: string not valid UTF-8".into());
        }
        let attribute =
            der::sequence(&[der::tagged(der::OBJECT, COMMON_NAME), der::tagged(tag, self.common_name)]);
        Ok(der::sequence(&[der::tagged(der::SET, &attribute)]))
    }

    /// Returns the certificate for `key`, signed.
    fn sign(&self, key: &PrivateKey, signer: &Signer<'_>) -> Result<Certificate, CallError> {
        let not_a_signer = || {
            let problem = "x509: certificate private key does not implement crypto.Signer";
            CallError::new(format!("error creating certificate: {problem}"))
        };
        let algorithm = signer.key.signature_algorithm().ok_or_else(not_a_signer)?;
        let public = key
            .public_info()
            .ok_or("error creating certificate: x509: unsupported public key type: *dsa.PublicKey")?;
        let subject = self.subject()?;
        let body = der::sequence(&[
            der::tagged(der::context(0, true), &der::integer(&[2])),
            der::integer(&self.serial),
            algorithm.clone(),
            signer.name.clone(),
            der::sequence(&[time(&self.not_before), time(&self.not_after)]),
            subject.clone(),
            public,
            der::tagged(der::context(3, true), &der::sequence(&self.extensions(key, signer, &subject)?)),
        ]);
        let signature = signer.key.sign(&body).ok_or_else(not_a_signer)?;
        let certificate = der::sequence(&[body, algorithm, der::bits(&signature, 0)]);
        let cert = pem::encode("CERTIFICATE", &certificate).into_bytes();
        Ok(Certificate { cert, key: key.to_pem()?.into_bytes() })
    }

    fn extensions(
        &self,
        key: &PrivateKey,
        signer: &Signer<'_>,
        subject: &[u8],
    ) -> Result<Vec<Vec<u8>>, CallError> {
        const SERVER: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
        const CLIENT: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
        // Digital signature and key encipherment, and signing for an authority.
        let usage = if self.is_authority { der::bits(&[0xa4], 2) } else { der::bits(&[0xa0], 5) };
        let purposes = der::sequence(&[der::tagged(der::OBJECT, SERVER), der::tagged(der::OBJECT, CLIENT)]);
        let authority = if self.is_authority { der::tagged(der::BOOLEAN, &[0xff]) } else { Vec::new() };
        let mut extensions = vec![
            extension(15, true, &usage),
            extension(37, false, &purposes),
            extension(19, true, &der::sequence(&[authority])),
        ];
        if self.is_authority {
            let hash = Sha256::digest(key.public_bytes().unwrap_or_default());
            extensions.push(extension(14, false, &der::tagged(der::OCTET_STRING, &hash[..20])));
        }
        if !signer.key_id.is_empty() {
            let id = der::tagged(der::context(0, false), &signer.key_id);
            extensions.push(extension(35, false, &der::sequence(&[id])));
        }
        if !self.names.is_empty() || !self.ips.is_empty() {
            let nobody = subject == der::sequence(&[]);
            extensions.push(extension(17, nobody, &self.alternative_names()?));
        }
        Ok(extensions)
    }

    fn alternative_names(&self) -> Result<Vec<u8>, CallError> {
        let mut names = Vec::new();
        for name in &self.names {
            if !name.is_ascii() {
                let quoted = strconv::quote(name);
                let problem = format!("x509: {quoted} cannot be encoded as an IA5String");
                return Err(format!("error creating certificate: {problem}").into());
            }
            names.push(der::tagged(der::context(2, false), name));
        }
        for ip in &self.ips {
            let bytes = match ip.to_canonical() {
                IpAddr::V4(ip) => ip.octets().to_vec(),
                IpAddr::V6(ip) => ip.octets().to_vec(),
            };
            names.push(der::tagged(der::context(7, false), &bytes));
        }
        Ok(der::sequence(&names))
    }
}

/// Returns an extension of the family 2.5.29.
fn extension(number: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { der::tagged(der::BOOLEAN, &[0xff]) } else { Vec::new() };
    der::sequence(&[
        der::tagged(der::OBJECT, &[0x55, 0x1d, number]),
        critical,
        der::tagged(der::OCTET_STRING, value),
    ])
}

/// Returns a moment; the short form reaches from 1950 to 2049.
fn time(time: &Time) -> Vec<u8> {
    let long = time.format(b"20060102150405Z");
    if (b"1950".as_slice()..b"2050").contains(&&long[..4]) {
        return der::tagged(der::UTC_TIME, &long[2..]);
    }
    der::tagged(der::GENERALIZED_TIME, &long)
}
