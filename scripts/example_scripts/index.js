// The front page: one link for each thing to try.
// Shows html`…`: whatever is put into the template is escaped.

const examples = [
  ["hello.js", "text, JSON and path parameters", ["/hello", "/hello/Ada"]],
  ["json_api.js", "a small JSON API", ["/books", "/books/2", "/books?author=Le%20Guin&sort=year"]],
  ["forms.js", "a form, safely echoed", ["/guestbook"]],
  ["upload.js", "file uploads", ["/upload"]],
  ["gallery.js", "uploads that last, served as assets", ["/gallery"]],
  ["cookies.js", "cookies", ["/visits"]],
  ["streaming.js", "answers in pieces", ["/stream/countdown", "/stream/table.csv?rows=5"]],
  ["errors.js", "what failures look like", ["/errors/throw", "/errors/teapot", "/errors/loop", "/errors/deep"]],
  ["binary.js", "images made of bytes", ["/images/stripes.png", "/images/gradient.bmp", "/images/chart.svg?values=3,1,4,1,5"]],
  ["crypto.js", "hashes, signatures, random values", ["/crypto/hash?text=hello", "/crypto/token?user=ada", "/crypto/dice"]],
  ["timers_async.js", "waiting, together and not too long", ["/timers/together", "/timers/patience", "/timers/ticks"]],
];

function index() {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>aiwebengine examples</title>
<h1>Examples</h1>
<dl>${examples.map(([file, about, paths]) => html`
  <dt><b>${file}</b>: ${about}</dt>
  ${paths.map((path) => html`<dd><a href="${path}">${path}</a></dd>`)}`)}
</dl>
</html>`;
}

register("/", index);
