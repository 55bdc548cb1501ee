test("escapeHtml", () => {
  equal(escapeHtml(`<a href="x" id='y'>&\`</a>`), "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;&#96;&lt;/a&gt;");
  equal(escapeHtml("plain"), "plain");
  equal(escapeHtml(""), "");
  equal(escapeHtml(5) + escapeHtml(true) + escapeHtml(7n), "5true7");
  equal(escapeHtml({ toString: () => "<" }), "&lt;");
});

test("escapeJs leaves nothing that ends a string, an element or an attribute", () => {
  equal(escapeJs("</script>"), "\\u003c\\u002fscript\\u003e");
  const hostile = "'\"`\\\n\r\t\0${a}<!-- ]]>&=/\u2028\u2029\ufeff\x7f\x85 -->";
  const made = escapeJs(hostile);
  ok(!/['"`<>&=\/$\n\r\u2028\u2029-]/.test(made), made);
  for (const quote of ["'", '"', "`"]) ok(eval(quote + made + quote) === hostile);
  ok(JSON.parse(`"${made}"`) === hostile);
  equal(escapeJs("日é😀 ok_1"), "日é😀 ok_1");
});

test("escapeCss serializes an identifier", () => {
  for (const [from, to] of [["a", "a"], ["0a", "\\30 a"], ["-0a", "-\\30 a"], ["a0", "a0"], ["-", "\\-"], ["-a", "-a"],
    ["--x", "--x"], ["\0", "\ufffd"], ["a b", "a\\ b"], ["a\x01\x7f", "a\\1 \\7f "], ["é_-9", "é_-9"], ["😀", "😀"],
    ["a.b#c", "a\\.b\\#c"], ["\"';}{<>\\/`", "\\\"\\'\\;\\}\\{\\<\\>\\\\\\/\\`"], ["@[]^~|", "\\@\\[\\]\\^\\~\\|"],
    ["\n", "\\a "], ["-\x01", "-\\1 "], ["", ""]]) {
    equal(escapeCss(from), to);
  }
});

test("encodeUrl and decodeUrl", () => {
  equal(encodeUrl("a b&c=d/é?'()*!~-._"), "a%20b%26c%3Dd%2F%C3%A9%3F%27%28%29%2A%21~-._");
  equal(encodeUrl("\ud800"), "%EF%BF%BD");
  equal(decodeUrl(encodeUrl("日本 😀 100%")), "日本 😀 100%");
  equal(decodeUrl("a+b%20c"), "a+b c");
  for (const bad of ["%", "%zz", "%ff", "%c0%80"]) throws(() => decodeUrl(bad), "RangeError", "decodeUrl: text");
});

test("bad arguments name themselves", () => {
  for (const [name, f] of Object.entries({ escapeHtml, escapeJs, escapeCss, encodeUrl, decodeUrl })) {
    for (const wrong of [undefined, null, Symbol("x"), () => 1, Object.create(null)]) {
      throws(() => f(wrong), "TypeError", `${name}: text`);
    }
  }
});

test("html escapes values and keeps html", () => {
  const name = "<b>&\"'";
  equal(`${html`<p title="${name}">${name}</p>`}`, '<p title="&lt;b&gt;&amp;&quot;&#39;">&lt;b&gt;&amp;&quot;&#39;</p>');
  equal(`${html`<ul>${[1, 2].map((n) => html`<li>${n}</li>`)}</ul>`}`, "<ul><li>1</li><li>2</li></ul>");
  equal(`${html`${[["<"], [html`<i>`]]}`}`, "&lt;<i>");
  equal(`${html`${null}${undefined}${false}${true}${0}${""}`}`, "true0");
  equal(`${html`${html.raw("<hr>")}`}`, "<hr>");
  equal(`${html`a\n${1}`}`, "a\n1");
  equal(`${html`${new Date(0).toISOString()}`}`, "1970-01-01T00:00:00.000Z");
});

test("html in places where quotes are missing", () => {
  const value = "x onclick=alert(1)\t/>";
  equal(`${html`<a href=${value} id=${""}>`}`, '<a href=x&#32;onclick&#61;alert(1)&#9;/&gt; id="">');
  equal(`${html`<a class="${"b c"}" href = ${"d e"}>x = ${"f g"}`}`, '<a class="b c" href = d&#32;e>x = f g');
});

test("html inside a script element takes json and numbers only", () => {
  equal(`${html`<script>let a = ${html.json({ x: "</script><!--&\u2028" })}, b = ${1};</script>${"<"}`}`,
    '<script>let a = {"x":"\\u003c/script\\u003e\\u003c!--\\u0026\\u2028"}, b = 1;</script>&lt;');
  throws(() => html`<script>let a = '${"x"}'</script>`, "TypeError", "html.json");
  throws(() => html`<script src="${"x"}">${"y"}</script>`, "TypeError", "html.json");
  equal(`${html`<script src="${"a&b"}"></script>${"y"}`}`, '<script src="a&amp;b"></script>y');
});

test("what html refuses", () => {
  throws(() => html`${Promise.resolve(1)}`, "TypeError", "await");
  throws(() => html`${() => 1}`, "TypeError", "function");
  throws(() => html`${Symbol("x")}`, "TypeError", "symbol");
  throws(() => html("<b>"), "TypeError", "template tag");
  throws(() => html(["<b>"]), "TypeError", "template tag");
  throws(() => html.raw(5), "TypeError", "html.raw: text");
  throws(() => html.json(undefined), "TypeError", "html.json: value");
});

test("html cannot be forged", () => {
  const { isHtml } = realm.host.use("html");
  const real = html`<b>`;
  ok(isHtml(real));
  for (const fake of ["<b>", null, undefined, {}, Object.create(real), Object.create(Object.getPrototypeOf(real)), [real]]) {
    ok(!isHtml(fake));
  }
  throws(() => new real.constructor({}, "<b>"), "TypeError", "Illegal");
  equal(`${html`${JSON.parse('{"toString": "<b>", "raw": "<b>"}') && "<"}`}`, "&lt;");
  equal(JSON.stringify({ body: real }), '{"body":"<b>"}');
  equal(Object.prototype.toString.call(real), "[object Html]");
  ok(html.raw(real) === real);
});
