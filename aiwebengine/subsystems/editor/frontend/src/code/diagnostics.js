/** Turning what the engine says of a source into marks in the editor. */

import { setDiagnostics } from "@codemirror/lint";

/** Marks of an editor's text for the engine's `{severity, message, code, line, column}`. */
export function marks(state, problems) {
  return problems
    .map((problem) => ({
      ...range(state, problem),
      severity: problem.severity === "error" ? "error" : problem.severity === "info" ? "info" : "warning",
      message: problem.message,
      source: problem.code,
    }))
    .sort((one, other) => one.from - other.from);
}

/** Show the problems of a source in a view. */
export function showProblems(view, problems) {
  view.dispatch(setDiagnostics(view.state, marks(view.state, problems)));
}

/** Where a problem is: its word, or the rest of its line; one without a line stands at the text that it names. */
export function range(state, problem) {
  const number = problem.line || lineOf(state, problem);
  const line = state.doc.line(Math.min(Math.max(number, 1), state.doc.lines));
  const column = problem.line && problem.column ? problem.column - 1 : line.text.search(/\S|$/);
  const from = line.from + Math.min(Math.max(column, 0), line.length);
  const word = /^[\w$]+/.exec(state.sliceDoc(from, line.to));
  if (word) return { from, to: from + word[0].length };
  if (from < line.to) return { from, to: problem.column ? from + 1 : line.to };
  // The end of a line has nothing to underline: take what is before it.
  return { from: Math.max(line.from, from - 1), to: from };
}

function lineOf(state, problem) {
  const path = /(?:route )?[A-Z]+ (\/\S*)/.exec(problem.message)?.[1];
  if (!path) return 1;
  const at = state.doc.toString().search(new RegExp(`["'\`]${path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}["'\`]`));
  return at < 0 ? 1 : state.doc.lineAt(at).number;
}

/** One sentence for people who cannot see the marks. */
export function summary(problems) {
  if (!problems.length) return "No problems.";
  const first = problems[0];
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return `${count}. ${first.line ? `Line ${first.line}: ` : ""}${first.message}`;
}
