//! Hashes, passwords, encryption, keys and certificates.

use adler2::adler32_slice;
use aes::Aes256;
use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use base64::Engine as _;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{NO_PAD, STANDARD};
use gotmpl::Type::String as Text;
use gotmpl::{CallError, Exec, Function, Type, Value};
use rand_chacha::rand_core::Rng;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::args::{Outcome, bytes, function};
use crate::encoding::decode_base64;
use crate::env::env;

mod certificate;
mod der;
mod dsa;
mod ec;
mod keys;
mod montgomery;
mod password;
mod pem;
mod primes;

pub(crate) const FUNCTIONS: &[Function] = &[
    function("sha1sum", &[Text], Text, |_, args| Ok(hex(&Sha1::digest(bytes(args, 0))))),
    function("sha256sum", &[Text], Text, |_, args| Ok(hex(&Sha256::digest(bytes(args, 0))))),
    function("sha512sum", &[Text], Text, |_, args| Ok(hex(&Sha512::digest(bytes(args, 0))))),
    function("adler32sum", &[Text], Text, |_, args| {
        Ok(Value::str(adler32_slice(bytes(args, 0)).to_string()))
    }),
    function("bcrypt", &[Text], Text, |exec, args| Ok(Value::str(bcrypt(exec, "bcrypt", bytes(args, 0))?))),
    function("htpasswd", &[Text, Text], Text, |exec, args| htpasswd(exec, bytes(args, 0), bytes(args, 1))),
    function("derivePassword", &[Type::Uint32, Text, Text, Text, Text], Text, |exec, args| {
        exec.work(DERIVE_STEPS)?;
        password::derive(args)
    }),
    function("encryptAES", &[Text, Text], Text, |exec, args| encrypt(exec, bytes(args, 0), bytes(args, 1))),
    function("decryptAES", &[Text, Text], Text, |_, args| decrypt(bytes(args, 0), bytes(args, 1))),
    function("genPrivateKey", &[Text], Text, |exec, args| keys::generate_named(exec, bytes(args, 0))),
];

pub(crate) use certificate::FUNCTIONS as CERTIFICATE_FUNCTIONS;

fn hex(bytes: &[u8]) -> Value {
    Value::str(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// Steps of an execution that take as long as deriving a password, and as hashing one.
const DERIVE_STEPS: u64 = 2_500_000;
const BCRYPT_STEPS: u64 = 1_000_000;
const BCRYPT_COST: u32 = 10;
const BCRYPT_MAX: usize = 72;
const BCRYPT_BASE64: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::BCRYPT, NO_PAD);

fn bcrypt(exec: &mut Exec<'_>, function: &'static str, password: &[u8]) -> Result<String, CallError> {
    if password.len() > BCRYPT_MAX {
        let problem = format!("bcrypt: password length exceeds {BCRYPT_MAX} bytes");
        return Ok(format!("failed to encrypt string with bcrypt: {problem}"));
    }
    exec.work(BCRYPT_STEPS)?;
    let mut salt = [0; 16];
    env(exec)?.random(exec, function).fill_bytes(&mut salt);
    // The algorithm reads a NUL after the password, as far as it fits.
    let mut key = password.to_vec();
    key.push(0);
    key.truncate(BCRYPT_MAX);
    let hash = bcrypt::bcrypt(BCRYPT_COST, salt, &key);
    Ok(format!("$2a${BCRYPT_COST}${}{}", BCRYPT_BASE64.encode(salt), BCRYPT_BASE64.encode(&hash[..23])))
}

fn htpasswd(exec: &mut Exec<'_>, user: &[u8], password: &[u8]) -> Outcome {
    if user.contains(&b':') {
        return Ok(Value::str([b"invalid username: ", user].concat()));
    }
    let hash = bcrypt(exec, "htpasswd", password)?;
    Ok(Value::str([user, b":", hash.as_bytes()].concat()))
}

const BLOCK: usize = 16;

/// Returns the cipher for a password, which is cut or padded with zeros to a key.
fn cipher(password: &[u8]) -> Aes256 {
    let mut key = [0; 32];
    let len = password.len().min(key.len());
    key[..len].copy_from_slice(&password[..len]);
    Aes256::new(&Array(key))
}

/// Encrypts with AES-256-CBC and PKCS #7 padding, the initial vector first.
fn encrypt(exec: &Exec<'_>, password: &[u8], text: &[u8]) -> Outcome {
    if text.is_empty() {
        return Ok(Value::str(""));
    }
    let mut chain = [0; BLOCK];
    env(exec)?.random(exec, "encryptAES").fill_bytes(&mut chain);
    let mut padded = text.to_vec();
    let padding = BLOCK - text.len() % BLOCK;
    padded.resize(text.len() + padding, padding as u8);
    let cipher = cipher(password);
    let mut out = chain.to_vec();
    for plain in padded.chunks_exact(BLOCK) {
        let mut block = Array(chain);
        block.iter_mut().zip(plain).for_each(|(byte, plain)| *byte ^= plain);
        cipher.encrypt_block(&mut block);
        chain = block.0;
        out.extend_from_slice(&chain);
    }
    Ok(Value::str(STANDARD.encode(out)))
}

/// Decrypts what [`encrypt`] made. Bad input fails with the runtime errors of Go's slices.
fn decrypt(password: &[u8], text: &[u8]) -> Outcome {
    if text.is_empty() {
        return Ok(Value::str(""));
    }
    let data = decode_base64(text)?;
    let Some((vector, data)) = data.split_first_chunk::<BLOCK>() else {
        let capacity = text.len() / 4 * 3;
        return Err(
            format!("runtime error: slice bounds out of range [:{BLOCK}] with capacity {capacity}").into()
        );
    };
    if data.len() % BLOCK != 0 {
        return Err("crypto/cipher: input not full blocks".into());
    }
    let cipher = cipher(password);
    let (mut chain, mut out) = (*vector, Vec::with_capacity(data.len()));
    for encrypted in data.chunks_exact(BLOCK) {
        let mut block = Array::<u8, _>::try_from(encrypted).unwrap_or_default();
        cipher.decrypt_block(&mut block);
        out.extend(block.iter().zip(chain).map(|(byte, mask)| byte ^ mask));
        chain.copy_from_slice(encrypted);
    }
    let Some(padding) = out.last().copied().map(usize::from) else {
        return Err("runtime error: index out of range [-1]".into());
    };
    match out.len().checked_sub(padding) {
        Some(len) => Ok(Value::str(&out[..len])),
        None => Err(format!("runtime error: slice bounds out of range [:-{}]", padding - out.len()).into()),
    }
}
