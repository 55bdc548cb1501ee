test("entries", () => {
  const form = new FormData();
  form.append("a", "1");
  form.append("b", 2);
  form.append("a", "3");
  equal(
    [...form],
    [
      ["a", "1"],
      ["b", "2"],
      ["a", "3"],
    ],
  );
  same(form.get("a"), "1");
  same(form.get("z"), null);
  equal(form.getAll("a"), ["1", "3"]);
  same(form.has("b"), true);
  form.set("a", "x");
  equal(
    [...form.entries()],
    [
      ["a", "x"],
      ["b", "2"],
    ],
  );
  form.delete("b");
  equal([...form.keys()], ["a"]);
  equal([...form.values()], ["x"]);
  form.set("new", "\ud800");
  same(form.get("new"), "\ufffd");
});

test("files", async () => {
  const form = new FormData();
  form.append("blob", new Blob(["x"], { type: "t/x" }));
  form.append("named", new Blob(["y"]), "n.txt");
  const file = new File(["z"], "z.txt", { lastModified: 5 });
  form.append("file", file);
  form.append("renamed", file, "w.txt");
  equal(
    [form.get("blob").name, form.get("blob").type, form.get("blob") instanceof File],
    ["blob", "t/x", true],
  );
  equal([form.get("named").name, await form.get("named").text()], ["n.txt", "y"]);
  same(form.get("file"), file);
  equal([form.get("renamed").name, form.get("renamed").lastModified], ["w.txt", 5]);
  throws(TypeError, () => form.append("x", "text", "name.txt"));
  throws(TypeError, () => form.append("x", "text", undefined));
  form.set("blob", new Blob(), undefined);
  same(form.get("blob").name, "blob");
});

test("arguments and shape", () => {
  const form = new FormData();
  throws(TypeError, () => form.append("a"));
  throws(TypeError, () => form.set("a"));
  throws(TypeError, () => form.get());
  throws(TypeError, () => new FormData({}));
  throws(TypeError, () => new FormData(null));
  throws(TypeError, () => form.forEach());
  same(FormData.prototype.append.length, 2);
  same(String(form), "[object FormData]");
  same(FormData.prototype[Symbol.iterator], FormData.prototype.entries);
  throws(TypeError, () => FormData.prototype.get.call(new Headers(), "a"));
});

test("the host's entries", async () => {
  let reads = 0;
  const content = new Uint8Array([104, 105]);
  const { makeFormData } = piece("formdata");
  const form = makeFormData([
    ["text", "value"],
    ["now", { bytes: () => content, filename: "a.txt", contentType: "Text/Plain" }],
    ["later", { bytes: () => (reads++, content), filename: "b.bin", contentType: "", size: 2 }],
  ]);
  same(form.get("text"), "value");
  equal([form.get("now").name, form.get("now").type, form.get("now").size], ["a.txt", "text/plain", 2]);
  same(form.get("later").size, 2);
  same(reads, 0);
  same(await form.get("later").text(), "hi");
  same(await form.get("later").text(), "hi");
  same(reads, 1);
});

test("multipart round trip", async () => {
  const form = new FormData();
  form.append('a"b\nc', "line\nbreak");
  form.append("é", "ü");
  form.append(
    "file",
    new File([new Uint8Array([0, 255, 13, 10, 45, 45])], 'n"1.bin', { type: "application/x" }),
  );
  form.append("empty", new File([], ""));
  const response = new Response(form);
  const type = response.headers.get("content-type");
  same(/^multipart\/form-data; ?boundary=\S+$/.test(type), true, type);
  const text = await response.clone().text();
  same(text.includes('name="a%22b%0D%0Ac"\r\n\r\nline\r\nbreak\r\n'), true);
  same(text.includes('filename="n%221.bin"\r\nContent-Type: application/x\r\n'), true);
  const copy = await response.formData();
  same(copy.get('a"b\r\nc'), "line\r\nbreak");
  same(copy.get("é"), "ü");
  const file = copy.get("file");
  equal(
    [file.name, file.type, [...(await file.bytes())]],
    ['n"1.bin', "application/x", [0, 255, 13, 10, 45, 45]],
  );
  same(copy.get("empty").size, 0);
});

test("parsing forms", async () => {
  const parse = (body, type) => new Response(body, { headers: { "content-type": type } }).formData();
  const multipart = (lines) => parse(lines.join("\r\n"), 'multipart/form-data; boundary="x y"');
  const form = await multipart([
    "preamble",
    "--x y",
    "content-disposition:form-data;name=a",
    "",
    "1",
    "--x y",
    'Content-Disposition: form-data; name="f"; filename="q.txt"',
    "",
    "",
    "--x y--",
    "epilogue",
  ]);
  same(form.get("a"), "1");
  equal([form.get("f").name, form.get("f").type, form.get("f").size], ["q.txt", "text/plain", 0]);
  equal(
    [...(await parse("a=1&b=%20+&a=2", "application/x-www-form-urlencoded; charset=utf-8"))],
    [
      ["a", "1"],
      ["b", "  "],
      ["a", "2"],
    ],
  );
  equal([...(await multipart(["--x y--", ""]))], []);
  await rejects(TypeError, multipart(["--x y", "nonsense", "", "1", "--x y--"]));
  await rejects(TypeError, multipart(["--x y", "Content-Disposition: form-data", "", "1", "--x y--"]));
  await rejects(TypeError, multipart(["--x y", 'Content-Disposition: form-data; name="a"', "", "1"]));
  await rejects(TypeError, multipart(["nothing"]));
  await rejects(TypeError, multipart(["--x y", "a: b"]));
  await rejects(TypeError, multipart(["--x yz"]));
  await rejects(TypeError, parse("a=1", "text/plain"));
  await rejects(TypeError, parse("a=1", "multipart/form-data"));
  await rejects(TypeError, new Response("a=1", { headers: [] }).formData());
});
