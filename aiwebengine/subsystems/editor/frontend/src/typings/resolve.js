/** What an expression of a script is, as far as the typings and the script's own text tell. */

import { alternatives, awaited, functionType, parameters } from "./text.js";

const FUNCTIONS = ["FunctionDeclaration", "FunctionExpression", "ArrowFunction", "MethodDeclaration"];
const BUILT_IN = { string: String, number: Number, boolean: Boolean, bigint: BigInt, Array, Map, Set, Date, RegExp };
const MOST_STEPS = 40;

/** Answers questions about one state of one script. */
export class Resolver {
  /**
   * @param {{globals: Map, types: Map, aliases: Map}} typings
   * @param {string} source the script
   * @param {import("@lezer/common").Tree} tree of the source
   */
  constructor(typings, source, tree) {
    this.typings = typings;
    this.source = source;
    this.tree = tree;
    this.steps = 0;
  }

  text(node) {
    return this.source.slice(node.from, node.to);
  }

  /** What a name or member at a position stands for, or null: `{declared, from, to}`. */
  at(position) {
    const node = this.tree.resolveInner(position, 1);
    if (node.name === "PropertyName" && node.parent?.name === "MemberExpression") {
      const declared = this.members(this.typeOf(node.parent.firstChild)).get(this.text(node));
      return declared ? { declared, from: node.from, to: node.to } : null;
    }
    if (node.name !== "VariableName" && node.name !== "VariableDefinition") return null;
    const name = this.text(node);
    const local = this.binding(name, node);
    if (local) {
      const type = this.bindingType(local);
      if (!type || type === "any") return null;
      const signatures = [`${name}: ${typeof type === "string" ? type : "{…}"}`];
      return { declared: { name, kind: "variable", signatures, doc: "" }, from: node.from, to: node.to };
    }
    const declared = this.typings.globals.get(name);
    return declared ? { declared, from: node.from, to: node.to } : null;
  }

  /** The members of a type, given as text or as a shape in place, by name. */
  members(type, seen = new Set()) {
    const found = new Map();
    if (!type) return found;
    if (typeof type !== "string") {
      this.collect(type, found, seen);
      return found;
    }
    for (const one of alternatives(type)) {
      const name = one.endsWith("[]") ? "Array" : one.replace(/<[\s\S]*$/, "").replace(/^readonly /, "");
      if (seen.has(name)) continue;
      seen.add(name);
      const shape = this.typings.types.get(name);
      if (shape) this.collect(shape, found, seen);
      else if (this.typings.aliases.has(name)) {
        for (const [key, member] of this.members(this.typings.aliases.get(name), seen)) found.set(key, member);
      } else for (const member of builtIn(name)) if (!found.has(member.name)) found.set(member.name, member);
    }
    return found;
  }

  collect(shape, found, seen) {
    for (const [name, member] of shape.members) if (!found.has(name)) found.set(name, member);
    for (const parent of shape.parents)
      for (const [name, member] of this.members(parent, seen)) if (!found.has(name)) found.set(name, member);
  }

  /** The type of an expression: a text, or the shape of a global object given in place; "" when unknown. */
  typeOf(node) {
    if (!node || ++this.steps > MOST_STEPS) return "";
    switch (node.name) {
      case "String":
      case "TemplateString":
        return "string";
      case "Number":
        return "number";
      case "ArrayExpression":
        return "Array";
      case "RegExp":
        return "RegExp";
      case "ParenthesizedExpression":
        return this.typeOf(node.firstChild?.nextSibling);
      case "AwaitExpression":
      case "UnaryExpression": {
        if (node.firstChild?.name !== "await") return "";
        const type = this.typeOf(node.lastChild);
        return typeof type === "string" ? awaited(type) : type;
      }
      case "NewExpression":
        return this.made(node);
      case "CallExpression":
      case "TaggedTemplateExpression":
        return this.called(node);
      case "MemberExpression":
      case "VariableName": {
        const binding = node.name === "VariableName" ? this.binding(this.text(node), node) : null;
        if (binding) return this.bindingType(binding);
        const declared = this.declaredOf(node);
        if (!declared || declared.kind === "function" || declared.kind === "method") return "";
        return declared.shape ?? declared.type;
      }
      default:
        return "";
    }
  }

  /** What the typings say of a name or a member. */
  declaredOf(node) {
    if (node?.name === "VariableName")
      return this.binding(this.text(node), node) ? null : this.typings.globals.get(this.text(node)) ?? null;
    if (node?.name !== "MemberExpression") return null;
    const property = node.getChild("PropertyName");
    return property ? this.members(this.typeOf(node.firstChild)).get(this.text(property)) ?? null : null;
  }

  made(node) {
    const name = node.getChild("VariableName");
    if (!name) return "";
    const declared = this.typings.globals.get(this.text(name));
    return declared?.shape?.made || this.text(name);
  }

  /** What calling (or tagging a template with) the first child gives. */
  called(node) {
    const declared = this.declaredOf(node.firstChild);
    if (!declared) return "";
    if (declared.kind === "function" || declared.kind === "method") return declared.type;
    const shape = declared.shape ?? this.typings.types.get(declared.type);
    return shape?.call?.type ?? "";
  }

  /** Where a name that is used at a node is bound in the script: its VariableDefinition, or null. */
  binding(name, node) {
    for (let scope = node.parent; scope; scope = scope.parent) {
      if (!["Block", "Script", "ForStatement", "ForOfSpec", ...FUNCTIONS].includes(scope.name)) continue;
      const found = this.definedIn(scope, name);
      if (found) return found;
    }
    return null;
  }

  definedIn(scope, name) {
    const lists = FUNCTIONS.includes(scope.name) ? [scope.getChild("ParamList")] : [scope];
    for (const list of lists)
      for (let part = list?.firstChild; part; part = part.nextSibling) {
        if (part.name === "VariableDefinition" && this.text(part) === name) return part;
        if (part.name === "VariableDeclaration" || part.name === "FunctionDeclaration" || part.name === "ClassDeclaration")
          for (const one of part.getChildren("VariableDefinition")) if (this.text(one) === name) return one;
      }
    return null;
  }

  bindingType(definition) {
    if (++this.steps > MOST_STEPS) return "";
    const parent = definition.parent;
    if (parent.name === "VariableDeclaration") {
      const next = definition.nextSibling;
      return next?.name === "Equals" ? this.typeOf(next.nextSibling) : "";
    }
    if (parent.name !== "ParamList") return "";
    const position = parent.getChildren("VariableDefinition").findIndex((one) => one.from === definition.from);
    return this.expectedParameter(parent.parent, position);
  }

  /** The type of a function's parameter, by where the function is handed over. */
  expectedParameter(node, position) {
    for (const [call, index] of this.uses(node)) {
      const declared = this.declaredOf(call.firstChild);
      const expected = declared && parameters(declared.parameters)[index]?.type;
      const found = expected && this.functionOf(expected);
      if (found?.parameters[position]) return found.parameters[position].type;
    }
    return "";
  }

  functionOf(type, depth = 0) {
    for (const one of alternatives(type)) {
      const found = functionType(one);
      if (found) return found;
      const alias = this.typings.aliases.get(one);
      const inner = alias && depth < 4 ? this.functionOf(alias, depth + 1) : null;
      if (inner) return inner;
    }
    return null;
  }

  /** The calls a function is an argument of, itself or by name, with the argument's index. */
  *uses(node) {
    if (node.parent?.name === "ArgList") yield [node.parent.parent, argumentIndex(node.parent, node)];
    const name = node.getChild("VariableDefinition") ?? (node.parent?.name === "VariableDeclaration" ? node.prevSibling?.prevSibling : null);
    if (!name) return;
    const wanted = this.text(name);
    const cursor = this.tree.cursor();
    do {
      if (cursor.name !== "ArgList") continue;
      for (let part = cursor.node.firstChild; part; part = part.nextSibling) {
        const said = part.name === "String" ? this.text(part).slice(1, -1) : part.name === "VariableName" ? this.text(part) : "";
        if (said === wanted) yield [cursor.node.parent, argumentIndex(cursor.node, part)];
      }
    } while (cursor.next());
  }
}

function argumentIndex(list, node) {
  let index = 0;
  for (let part = list.firstChild; part; part = part.nextSibling) {
    if (part.from === node.from && part.name === node.name) return index;
    if (part.name === ",") index++;
  }
  return -1;
}

/** The members that values of a built-in type have, as this browser knows them. */
function builtIn(name) {
  const plain = /^["'`]/.test(name) ? "string" : name;
  const type = Object.hasOwn(BUILT_IN, plain) ? BUILT_IN[plain] : globalTyped(plain);
  if (!type?.prototype) return [];
  const found = [];
  for (let at = type.prototype; at && at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (key === "constructor" || key.startsWith("_") || !/^[a-z]\w*$/.test(key)) continue;
      const method = typeof property.value === "function";
      found.push({ name: key, kind: method ? "method" : "property", signatures: [method ? `${key}(…)` : key], type: "", parameters: "", doc: "", shape: null });
    }
  return found;
}

function globalTyped(name) {
  return /^(?:\w+Array|ArrayBuffer|DataView|Promise|WeakMap|WeakSet)$/.test(name) ? globalThis[name] : null;
}
