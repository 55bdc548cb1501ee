const bytesOf = async (blob) => [...(await blob.bytes())];

test("parts", async () => {
  equal(
    await bytesOf(
      new Blob([
        "é",
        new Uint8Array([1, 2, 3]).subarray(1),
        new Uint8Array([9]).buffer,
        new Blob(["x"]),
        5,
        null,
      ]),
    ),
    [195, 169, 2, 3, 9, 120, 53, 110, 117, 108, 108],
  );
  same(new Blob().size, 0);
  same(new Blob(undefined).size, 0);
  same(new Blob(new Set(["ab", "c"])).size, 3);
  same(new Blob(new Uint8Array([10, 20])).size, 4);
  same(new Blob([new DataView(new ArrayBuffer(3))]).size, 3);
  same(await new Blob(["a\r\nb\rc\n"], { endings: "native" }).text(), "a\nb\nc\n");
  same(await new Blob(["\ud800"]).text(), "\ufffd");
  for (const parts of ["text", 1, null, {}, Symbol()]) throws(TypeError, () => new Blob(parts));
  throws(TypeError, () => new Blob([], { endings: "other" }));
  throws(TypeError, () => new Blob([], 1));
});

test("a blob does not change with what it was made of", async () => {
  const source = new Uint8Array([1, 2]);
  const blob = new Blob([source]);
  source[0] = 9;
  equal(await bytesOf(blob), [1, 2]);
  const copy = await blob.bytes();
  copy[0] = 9;
  new Uint8Array(await blob.arrayBuffer())[0] = 9;
  equal(await bytesOf(blob), [1, 2]);
});

test("types", () => {
  same(new Blob([], { type: "Text/PLAIN;x=Y" }).type, "text/plain;x=y");
  same(new Blob([], { type: "a\u0001b" }).type, "");
  same(new Blob([], { type: "é" }).type, "");
  same(new Blob([], { type: null }).type, "null");
  same(new Blob([], {}).type, "");
});

test("slices", async () => {
  const blob = new Blob(["0123456789"], { type: "text/x" });
  for (const [args, expected] of [
    [[], "0123456789"],
    [[3], "3456789"],
    [[-3], "789"],
    [[2, -2], "234567"],
    [[5, 2], ""],
    [[0, 100], "0123456789"],
    [[NaN, 2.5], "01"],
    [[1.5, 3.5], "23"],
    [["2", null], ""],
    [[-100, 1], "0"],
  ]) {
    same(await blob.slice(...args).text(), expected, JSON.stringify(args));
  }
  same(blob.slice().type, "");
  same(blob.slice(0, 1, "A/B").type, "a/b");
  same(await blob.slice(2, 8).slice(1, 3).text(), "34");
});

test("reading", async () => {
  const blob = new Blob(["\ufeffaé"]);
  same(await blob.text(), "aé");
  same((await blob.arrayBuffer()).byteLength, 6);
  const reader = blob.stream().getReader();
  equal([...(await reader.read()).value], [239, 187, 191, 97, 195, 169]);
  same((await reader.read()).done, true);
  let total = 0;
  let chunks = 0;
  for await (const chunk of new Blob(["x".repeat(200000)]).stream()) {
    total += chunk.length;
    chunks++;
  }
  equal([total, chunks > 1], [200000, true]);
  await rejects(TypeError, Blob.prototype.text.call({}));
});

test("files", async () => {
  const file = new File(["ab"], "a/b.txt", { type: "text/plain", lastModified: 12.7 });
  equal([file.name, file.size, file.type, file.lastModified], ["a/b.txt", 2, "text/plain", 12]);
  same(file instanceof Blob, true);
  same(String(file), "[object File]");
  same(await file.text(), "ab");
  same(file.slice() instanceof File, false);
  same(typeof new File([], "x").lastModified, "number");
  same(File.length, 2);
  same(Blob.length, 0);
  throws(TypeError, () => new File([]));
  throws(TypeError, () => new File("text", "x"));
  throws(TypeError, () => new File(undefined, "x"));
  throws(TypeError, () => Blob.prototype.size);
  throws(TypeError, () => File.prototype.name);
});
