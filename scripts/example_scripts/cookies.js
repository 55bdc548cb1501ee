// Cookies: read from request.cookies, set with the answer's `cookies`. Without further words a cookie is HttpOnly,
// SameSite=Lax, for the whole site, and Secure when the request came by https.
// Try: curl -c jar -b jar http://127.0.0.1:8080/visits   a few times

function visits({ cookies }) {
  const before = Number.parseInt(cookies.visits ?? "0", 10);
  const count = before >= 0 ? before + 1 : 1; // a cookie is in the visitor's hands: anything may be in it
  return {
    body: { visits: count },
    cookies: { visits: { value: count, path: "/visits", maxAge: 30 * 24 * 3600 } },
  };
}

function forget() {
  return { body: { visits: 0 }, cookies: { visits: { value: null, path: "/visits" } } };
}

register("/visits", visits);
register("/visits", forget, "DELETE");
