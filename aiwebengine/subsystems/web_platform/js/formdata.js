// piece: formdata
// names: FormData
// needs: webidl blob
// triggers: formData
(function (host) {
  "use strict";
  const { pairIterable, required, shape, usvString } = host.use("webidl");
  const { bytesOf, isBlob, isFile, makeFile } = host.use("blob");

  function entry(args, where) {
    required(args, 2, where);
    let [name, value, filename] = args;
    name = usvString(name);
    if (args.length === 2 && !isBlob(value)) return [name, usvString(value)];
    if (!isBlob(value)) throw new TypeError(`${where}: the value is not a Blob`);
    if (filename === undefined) {
      if (isFile(value)) return [name, value];
      filename = "blob";
    }
    const init = {
      bytes: () => bytesOf(value),
      size: value.size,
      type: value.type,
      name: usvString(filename),
    };
    return [name, makeFile({ ...init, modified: isFile(value) ? value.lastModified : undefined })];
  }

  let entriesOf; // (form) => its list of [name, string | File]
  let isFormData;
  let fromList; // (list) => a FormData

  class FormData {
    #list = [];
    static {
      entriesOf = (form) => form.#list;
      isFormData = (value) => typeof value === "object" && value !== null && #list in value;
      fromList = (list) => {
        const form = new FormData();
        form.#list = list;
        return form;
      };
      pairIterable(FormData, "FormData", (form) => form.#list);
    }
    constructor(form = undefined) {
      if (form !== undefined) throw new TypeError("FormData: there are no form elements here");
    }
    append(name, value, filename = undefined) {
      const list = this.#list;
      list.push(entry(arguments, "FormData.append"));
    }
    delete(name) {
      this.#list;
      required(arguments, 1, "FormData.delete");
      name = usvString(name);
      this.#list = this.#list.filter((pair) => pair[0] !== name);
    }
    get(name) {
      const list = this.#list;
      required(arguments, 1, "FormData.get");
      name = usvString(name);
      for (const pair of list) if (pair[0] === name) return pair[1];
      return null;
    }
    getAll(name) {
      const list = this.#list;
      required(arguments, 1, "FormData.getAll");
      name = usvString(name);
      return list.filter((pair) => pair[0] === name).map((pair) => pair[1]);
    }
    has(name) {
      const list = this.#list;
      required(arguments, 1, "FormData.has");
      name = usvString(name);
      return list.some((pair) => pair[0] === name);
    }
    set(name, value, filename = undefined) {
      const list = this.#list;
      const pair = entry(arguments, "FormData.set");
      const first = list.findIndex((each) => each[0] === pair[0]);
      if (first < 0) list.push(pair);
      else {
        list[first] = pair;
        this.#list = list.filter((each, i) => i <= first || each[0] !== pair[0]);
      }
    }
  }
  shape(FormData, "FormData");

  // Entries of the host: [name, string | {bytes(): Uint8Array, filename, contentType, size?}]; with a size, bytes() waits for its first use.
  function makeFormData(entries) {
    return fromList(
      entries.map(([name, value]) => {
        if (typeof value === "string") return [name, value];
        const { contentType, filename, size } = value;
        const bytes = size === undefined ? value.bytes() : () => value.bytes();
        return [
          name,
          makeFile({
            bytes,
            size: size ?? bytes.length,
            type: (contentType ?? "").toLowerCase(),
            name: filename ?? "",
          }),
        ];
      }),
    );
  }

  return { FormData, entriesOf, fromList, isFormData, makeFormData };
})
