// A form: fields are read from request.form and echoed through html`…`, which escapes them.
// Against forged posts from other sites the form carries a random token that its cookie repeats; another site can
// have the browser send the cookie, but cannot read it to fill in the field.

const page = (content) => html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Guest book</title>
<h1>Guest book</h1>
${content}
</html>`;

function form(request) {
  const token = request.cookies.guestbook ?? crypto.randomUUID();
  const body = page(html`<form method="post" action="/guestbook">
  <input type="hidden" name="token" value="${token}">
  <p><label>Name <input name="name" required maxlength="80"></label></p>
  <p><label>Words <textarea name="words" required maxlength="500"></textarea></label></p>
  <p><button>Sign</button></p>
</form>`);
  return { body, cookies: { guestbook: { value: token, path: "/guestbook", sameSite: "strict" } } };
}

function sign({ form: { name = "", words = "", token = "" }, cookies }) {
  if (!cookies.guestbook || !crypto.timingSafeEqual(token, cookies.guestbook)) {
    return { status: 403, body: page(html`<p>This form is not ours, or too old. <a href="/guestbook">Again</a></p>`) };
  }
  if (name.trim() === "" || words.trim() === "") {
    return { status: 422, body: page(html`<p>Name and words, please. <a href="/guestbook">Again</a></p>`) };
  }
  return page(html`<blockquote>${words}</blockquote><p>— ${name}, ${formatDate(new Date(), "d MMMM yyyy")}</p>`);
}

register("/guestbook", form);
register("/guestbook", sign, "POST");
