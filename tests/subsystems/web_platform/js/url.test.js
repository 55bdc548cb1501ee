test("parts of a URL", () => {
  const url = new URL("https://user:pa%20ss@EXAMPLE.com:8443/a/./b/../c?x=1&y=2#frag");
  equal(
    [
      url.href,
      url.origin,
      url.protocol,
      url.username,
      url.password,
      url.host,
      url.hostname,
      url.port,
      url.pathname,
      url.search,
      url.hash,
    ],
    [
      "https://user:pa%20ss@example.com:8443/a/c?x=1&y=2#frag",
      "https://example.com:8443",
      "https:",
      "user",
      "pa%20ss",
      "example.com:8443",
      "example.com",
      "8443",
      "/a/c",
      "?x=1&y=2",
      "#frag",
    ],
  );
  same(`${url}`, url.href);
  same(JSON.stringify({ url }), `{"url":"${url.href}"}`);
});

test("relative references", () => {
  const base = "http://a/b/c/d;p?q";
  const cases = [
    ["g", "http://a/b/c/g"],
    ["./g/", "http://a/b/c/g/"],
    ["/g", "http://a/g"],
    ["//g", "http://g/"],
    ["?y", "http://a/b/c/d;p?y"],
    ["#s", "http://a/b/c/d;p?q#s"],
    ["", "http://a/b/c/d;p?q"],
    ["../../../g", "http://a/g"],
    ["..", "http://a/b/"],
    ["g;x=1/../y", "http://a/b/c/y"],
    ["http:g", "http://a/b/c/g"],
    ["\\g", "http://a/g"],
    ["mailto:x@y", "mailto:x@y"],
    ["%2e%2E/g", "http://a/b/g"],
  ];
  for (const [input, expected] of cases) same(new URL(input, base).href, expected, input);
});

test("what is not a URL", () => {
  for (const input of [
    "",
    "foo",
    "//x",
    "http://",
    "http://a:b",
    "http://a:65536",
    "http://[::1",
    "http://[1::2::3]",
    "http://a b/",
    "http://a<b",
    "http://1.2.3.4.5",
    "http://256.1.1.1",
    "http://0x1ffffffff",
    "http://%zz",
    "http://a%00b",
    "https://user@",
    "foo://a b",
    "http://xn--",
    "http://\u0378",
  ]) {
    const error = throws(TypeError, () => new URL(input), input);
    same(error.message, "Invalid URL");
    same(URL.canParse(input), false, input);
    same(URL.parse(input), null, input);
  }
  throws(TypeError, () => new URL());
  throws(TypeError, () => new URL("x", "mailto:a"));
  throws(TypeError, () => new URL("/x", "nonsense"));
  throws(TypeError, () => URL("http://a/"));
  throws(TypeError, () => new URL(Symbol()));
});

test("addresses", () => {
  for (const [host, expected] of [
    ["127.1", "127.0.0.1"],
    ["0x7f.1", "127.0.0.1"],
    ["017700000001", "127.0.0.1"],
    ["4294967295", "255.255.255.255"],
    ["1.2.3.4.", "1.2.3.4"],
    ["0", "0.0.0.0"],
    ["[::1]", "[::1]"],
    ["[1:0:0:2:0:0:0:3]", "[1:0:0:2::3]"],
    ["[::ffff:1.2.3.4]", "[::ffff:102:304]"],
    ["[2001:DB8::]", "[2001:db8::]"],
    ["[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7:0]"],
  ])
    same(new URL(`http://${host}/`).hostname, expected, host);
});

test("international domains", () => {
  for (const [host, expected] of [
    ["faß.de", "xn--fa-hia.de"],
    ["BÜCHER.example", "xn--bcher-kva.example"],
    ["日本語。ＪＰ", "xn--wgv71a119e.jp"],
    ["xn--bcher-kva.de", "xn--bcher-kva.de"],
    ["a\u00adb.de", "ab.de"],
    ["☃.net", "xn--n3h.net"],
    ["مثال.إختبار", "xn--mgbh0fb.xn--kgbechtv"],
    ["%E2%98%83.net", "xn--n3h.net"],
    ["ΑΣ.gr", "xn--mxa0b.gr"],
  ])
    same(new URL(`http://${host}/`).hostname, expected, host);
  for (const host of [
    "xn--a",
    "xn--bcher-kvaz\u00e9",
    "xn--zca-",
    "a\u200d.de",
    "\u0301a.de",
    "xn--ls8h=",
    "℀.com",
  ])
    throws(TypeError, () => new URL(`http://${host}/`), host);
});

test("percent-encoding by component", () => {
  const url = new URL('http://h/ "#%<>?`{}|^é');
  same(url.href, "http://h/%20%22#%%3C%3E?%60{}|^%C3%A9");
  same(new URL('http://h/ "<>`{}^|\\é').pathname, "/%20%22%3C%3E%60%7B%7D%5E|/%C3%A9");
  same(new URL("http://h/?\"<>'`{}").search, "?%22%3C%3E%27`{}");
  same(new URL("foo://h/?\"<>'`{}").search, "?%22%3C%3E'`{}");
  same(new URL("http://u|:p^@h/").href, "http://u%7C:p%5E@h/");
  same(new URL("http://h/\ud800").pathname, "/%EF%BF%BD");
  same(new URL(" \thttp://h/a\nb\t ").href, "http://h/ab");
});

test("file URLs", () => {
  same(new URL("file:///C|/x/../..").href, "file:///C:/");
  same(new URL("file://localhost/x").href, "file:///x");
  same(new URL("/y", "file:///C:/x").href, "file:///C:/y");
  same(new URL("file:D:/z", "file:///C:/x").href, "file:///D:/z");
  same(new URL("//server/share", "file:///").href, "file://server/share");
  same(new URL("file:///x").origin, "null");
});

test("URLs without a special scheme", () => {
  same(new URL("mailto:a@b").pathname, "a@b");
  same(new URL("data:text/plain,x #y").href, "data:text/plain,x%20#y");
  same(new URL("foo://h").href, "foo://h");
  same(new URL("foo:/.//p").href, "foo:/.//p");
  same(new URL("web+demo:/..//not-a-host/").pathname, "//not-a-host/");
  same(new URL("blob:https://a.example/x").origin, "https://a.example");
  same(new URL("blob:foo:x").origin, "null");
  same(new URL("foo://É").hostname, "%C3%89");
});

test("setters", () => {
  const set = (href, name, value) => {
    const url = new URL(href);
    url[name] = value;
    return url.href;
  };
  for (const [href, name, value, expected] of [
    ["http://a/", "protocol", "https", "https://a/"],
    ["http://a/", "protocol", "foo", "http://a/"],
    ["https://a:80/", "protocol", "http:x", "http://a/"],
    ["file:///a", "protocol", "http", "file:///a"],
    ["http://a/", "username", "ü:", "http://%C3%BC%3A@a/"],
    ["mailto:a", "username", "b", "mailto:a"],
    ["http://a/", "password", "p@", "http://:p%40@a/"],
    ["http://a:1/x", "host", "b:2/y", "http://b:2/x"],
    ["http://a:1/x", "host", "b", "http://b:1/x"],
    ["http://a/", "host", "", "http://a/"],
    ["foo://a/", "host", "", "foo:///"],
    ["http://a/", "host", "b:x", "http://b/"],
    ["http://a:1/", "hostname", "b:2", "http://a:1/"],
    ["http://a/", "hostname", "[::2]", "http://[::2]/"],
    ["http://a/", "port", "90x", "http://a:90/"],
    ["http://a:90/", "port", "", "http://a/"],
    ["http://a:9/", "port", "80", "http://a/"],
    ["http://a/", "port", "65536", "http://a/"],
    ["http://a/b", "pathname", "c?#", "http://a/c%3F%23"],
    ["mailto:a", "pathname", "b", "mailto:a"],
    ["foo://h/a", "pathname", "", "foo://h"],
    ["http://a/?x", "search", "", "http://a/"],
    ["http://a/", "search", "?q r#", "http://a/?q%20r%23"],
    ["http://a/#x", "hash", "", "http://a/"],
    ["http://a/", "hash", "#a b", "http://a/#a%20b"],
    ["http://a/", "href", "foo:x", "foo:x"],
  ])
    same(set(href, name, value), expected, `${href} ${name}=${value}`);
  const url = new URL("http://a/");
  throws(TypeError, () => (url.href = "nonsense"));
  same(url.href, "http://a/");
  throws(TypeError, () => {
    url.origin = "x";
  });
});

test("searchParams and search follow each other", () => {
  const url = new URL("http://a/?x=1");
  const params = url.searchParams;
  same(params, url.searchParams);
  params.append("y", "é &");
  same(url.href, "http://a/?x=1&y=%C3%A9+%26");
  url.search = "?z=2";
  same(params.get("x"), null);
  same(params.get("z"), "2");
  params.delete("z");
  same(url.href, "http://a/");
  url.href = "http://b/?w=3";
  same(params.toString(), "w=3");
});

test("the shape of the class", () => {
  same(URL.length, 1);
  same(URL.name, "URL");
  same(Object.prototype.toString.call(new URL("a:b")), "[object URL]");
  same(Object.getOwnPropertyDescriptor(URL.prototype, "href").enumerable, true);
  same(Object.getOwnPropertyDescriptor(URL.prototype, "toJSON").enumerable, true);
  same(Object.getOwnPropertyDescriptor(URL, "canParse").enumerable, true);
  same(URL.canParse.length, 1);
  throws(TypeError, () => URL.prototype.href);
  throws(TypeError, () => URL.prototype.toString.call({}));
  throws(TypeError, () => URL.canParse());
  const keys = [];
  for (const key in new URL("a:b")) keys.push(key);
  equal(keys.sort(), [
    "hash",
    "host",
    "hostname",
    "href",
    "origin",
    "password",
    "pathname",
    "port",
    "protocol",
    "search",
    "searchParams",
    "toJSON",
    "toString",
    "username",
  ]);
  class Mine extends URL {}
  same(new Mine("http://a").pathname, "/");
});
