/** Declarations out of aiwebengine.d.ts: the global names and the types, with their comments. */

import { typescriptLanguage } from "@codemirror/lang-javascript";

/**
 * @typedef {object} Declared
 * @property {string} name
 * @property {"function"|"method"|"property"|"variable"|"class"|"namespace"} kind
 * @property {string[]} signatures as they are shown, one for each overload
 * @property {string} type what it is, or for a function what it gives
 * @property {string} parameters of its first overload, as text
 * @property {string} doc
 * @property {Shape|null} shape members, when they are given in place
 *
 * @typedef {object} Shape
 * @property {Map<string, Declared>} members
 * @property {string[]} parents
 * @property {Declared|null} call
 * @property {string} made what `new` gives
 */

/** Read a text of declarations: `{globals, types, aliases}`, each by name. */
export function parseTypings(text) {
  const reader = new Reader(text);
  reader.statements(typescriptLanguage.parser.parse(text).topNode, reader.globals);
  return { globals: reader.globals, types: reader.types, aliases: reader.aliases };
}

class Reader {
  constructor(text) {
    this.source = text;
    this.globals = new Map();
    this.types = new Map();
    this.aliases = new Map();
  }

  text(node) {
    return node ? this.source.slice(node.from, node.to) : "";
  }

  /** The text after the colon of an annotation. */
  annotation(node) {
    return this.flat(node.getChild("TypeAnnotation")).replace(/^:\s*/, "");
  }

  flat(node) {
    return this.text(node).replace(/\s+/g, " ").replace(/^\( /, "(").replace(/,? \)$/, ")").trim();
  }

  /** The comment that stands right before a node. */
  doc(node) {
    let before = node.prevSibling;
    while (before && [";", ",", "readonly", "static"].includes(before.name)) before = before.prevSibling;
    if (!before || before.name !== "BlockComment") return "";
    const raw = this.text(before);
    if (!raw.startsWith("/**") || this.source.slice(before.to, node.from).includes("\n\n")) return "";
    return raw
      .slice(3, -2)
      .split("\n")
      .map((line) => line.replace(/^\s*\*? ?/, "").trimEnd())
      .join(" ")
      .trim();
  }

  statements(parent, names) {
    for (let node = parent.firstChild; node; node = node.nextSibling) {
      if (node.name === "AmbientDeclaration" || node.name === "ExportDeclaration") {
        const doc = this.doc(node);
        for (let inner = node.firstChild; inner; inner = inner.nextSibling) this.declaration(inner, names, doc);
      } else this.declaration(node, names, this.doc(node));
    }
  }

  declaration(node, names, doc) {
    switch (node.name) {
      case "AmbientFunctionDeclaration":
      case "FunctionDeclaration":
        this.add(names, this.callable(node, this.text(node.getChild("VariableDefinition")), "function", doc));
        break;
      case "VariableDeclaration": {
        const name = this.text(node.getChild("VariableDefinition"));
        const object = node.getChild("TypeAnnotation")?.getChild("ObjectType");
        const type = this.annotation(node);
        const shape = object ? this.shape(object) : null;
        const kind = shape?.made ? "class" : "variable";
        const shown = object ? `const ${name}: {…}` : `const ${name}: ${type}`;
        this.add(names, { name, kind, signatures: [shown], type, parameters: "", doc, shape });
        break;
      }
      case "InterfaceDeclaration":
        this.merge(this.text(node.getChild("TypeDefinition")), this.shape(node.getChild("ObjectType")), this.parents(node));
        break;
      case "TypeAliasDeclaration": {
        const equals = node.getChild("Equals");
        const type = this.source.slice(equals.to, node.to).replace(/;\s*$/, "").replace(/\s+/g, " ").trim();
        this.aliases.set(this.text(node.getChild("TypeDefinition")), type);
        break;
      }
      case "ClassDeclaration":
        this.classDeclaration(node, names, doc);
        break;
      case "NamespaceDeclaration": {
        const name = this.text(node.getChild("VariableDefinition"));
        const shape = emptyShape();
        this.statements(node.getChild("Block"), shape.members);
        const shown = `namespace ${name}`;
        this.add(names, { name, kind: "namespace", signatures: [shown], type: "", parameters: "", doc, shape });
        break;
      }
      case "GlobalDeclaration":
        this.statements(node.getChild("Block"), this.globals);
        break;
    }
  }

  classDeclaration(node, names, doc) {
    const name = this.text(node.getChild("VariableDefinition"));
    const statics = emptyShape();
    const instance = emptyShape();
    let signature = `class ${name}`;
    let list = "";
    for (let part = node.getChild("ClassBody").firstChild; part; part = part.nextSibling) {
      if (part.name !== "MethodDeclaration" && part.name !== "PropertyDeclaration") continue;
      if (part.getChild("Privacy")) continue;
      const member = this.text(part.getChild("PropertyDefinition"));
      if (!member) continue;
      if (member === "constructor") {
        list = this.flat(part.getChild("ParamList"));
        signature = `new ${name}${list}`;
        continue;
      }
      const target = part.getChild("static") ? statics : instance;
      this.add(target.members, this.member(part, member, part.name === "MethodDeclaration", this.doc(part)));
    }
    this.merge(name, instance, this.parents(node));
    statics.made = name;
    const parameters = list.slice(1, -1);
    this.add(names, { name, kind: "class", signatures: [signature], type: name, parameters, doc, shape: statics });
  }

  parents(node) {
    const found = [];
    for (let part = node.firstChild; part && !["ObjectType", "ClassBody"].includes(part.name); part = part.nextSibling)
      if (["TypeName", "VariableName"].includes(part.name)) found.push(this.text(part));
      else if (part.name === "ParameterizedType") found.push(this.text(part.firstChild));
    return found;
  }

  /** The members of an object type. */
  shape(node) {
    const shape = emptyShape();
    for (let part = node?.firstChild; part; part = part.nextSibling) {
      const name = this.text(part.getChild("PropertyDefinition"));
      if (part.name === "MethodType") this.add(shape.members, this.member(part, name, true, this.doc(part)));
      else if (part.name === "PropertyType") this.add(shape.members, this.member(part, name, false, this.doc(part)));
      else if (part.name === "CallSignature") shape.call ??= this.callable(part, "", "function", this.doc(part));
      else if (part.name === "NewSignature") shape.made = this.annotation(part);
    }
    return shape;
  }

  member(node, name, method, doc) {
    if (method) return this.callable(node, name, "method", doc);
    const type = this.annotation(node) || "any";
    const object = node.getChild("TypeAnnotation")?.getChild("ObjectType");
    const optional = node.getChild("Optional") ? "?" : "";
    const shape = object ? this.shape(object) : null;
    return { name, kind: "property", signatures: [`${name}${optional}: ${type}`], type, parameters: "", doc, shape };
  }

  callable(node, name, kind, doc) {
    const list = this.flat(node.getChild("ParamList"));
    const type = this.annotation(node) || "any";
    return { name, kind, signatures: [`${name}${list}: ${type}`], type, parameters: list.slice(1, -1), doc, shape: null };
  }

  add(names, declared) {
    if (!declared.name) return;
    const known = names.get(declared.name);
    if (!known) names.set(declared.name, declared);
    else if (known.signatures[0] !== declared.signatures[0]) {
      known.signatures.push(...declared.signatures);
      known.doc ||= declared.doc;
    }
  }

  merge(name, shape, parents) {
    const known = this.types.get(name);
    if (!known) {
      this.types.set(name, { ...shape, parents });
      return;
    }
    for (const member of shape.members.values()) this.add(known.members, member);
    known.parents.push(...parents);
    known.call ??= shape.call;
  }
}

function emptyShape() {
  return { members: new Map(), parents: [], call: null, made: "" };
}
