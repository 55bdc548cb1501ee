// Hashes, signed tokens and random values.
// The key is made at random for the page's sake; a real one comes from outside, for a script is readable by everyone who
// may manage scripts.

const hashes = ["md5", "sha1", "sha256", "sha384", "sha512"];

// GET /crypto/hash?text=hello
function digest({ query }) {
  const text = query.text ?? "";
  return Object.fromEntries(hashes.map((name) => [name, hash(name, text)]));
}

// A token is "payload.key.signature". That the key travels with it makes this a demonstration, not a protection.
// GET /crypto/token?user=ada
async function token({ query }) {
  const payload = base64.encode(JSON.stringify({ user: query.user ?? "nobody" }), { urlSafe: true });
  const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(payload));
  const parts = [await crypto.subtle.exportKey("raw", key), signature];
  return { token: [payload, ...parts.map((part) => base64.encode(part, { urlSafe: true }))].join(".") };
}

// GET /crypto/check?token=…
function check({ query }) {
  const [payload, key, signature] = (query.token ?? "").split(".");
  if (!signature) return { status: 400, body: { error: "token must have three parts" } };
  try {
    const bytes = base64.decode(key, { urlSafe: true, as: "bytes" });
    const wanted = hmac("sha256", bytes, payload, { as: "bytes" });
    const valid = crypto.timingSafeEqual(wanted, base64.decode(signature, { urlSafe: true, as: "bytes" }));
    return valid ? { valid, ...JSON.parse(base64.decode(payload, { urlSafe: true })) } : { valid };
  } catch (error) {
    return { status: 400, body: { error: error.message } };
  }
}

// GET /crypto/dice: fair, unlike a remainder of a random byte (256 is no multiple of 6)
function dice() {
  const [roll] = crypto.getRandomValues(new Uint8Array(64)).filter((byte) => byte < 252);
  return { roll: (roll % 6) + 1, game: crypto.randomUUID() };
}

register("/crypto/hash", digest);
register("/crypto/token", token);
register("/crypto/check", check);
register("/crypto/dice", dice);
