// The text of a model in an editor: colours, completion of keys and of what occurs, and what is wrong where it is. The
// text area below it stays what is sent; without this script it is what is typed in.
"use strict";

const CHECKED_MS = 500;
const SCORES = { score: "", fit: "", engagement: "", grade: "", level: "", segment: "", priority: "" };
const JOINTS = { any: "At least one of a list holds.", all: "All of a list hold.", not: "It does not hold." };
const VALUES = { is: ["missing", "present"], how: ["max", "mean", "sum"], decay: ["none", "{half_life: 30d}", "{linear: 60d}"] };

// Where the cursor is: the keys above it ("-" for an entry of a list), and whether a value is being written.
function place(text) {
  const block = [];
  let flow = [];
  let isValue = false;
  for (const line of text.split("\n")) {
    let at = line.length - line.trimStart().length;
    isValue = false;
    if (!flow.length) {
      if (line.slice(at).startsWith("#")) continue;
      const pop = (indent) => { while (block.length && block.at(-1).indent >= indent) block.pop(); };
      while (/^-(\s|$)/.test(line.slice(at))) {
        pop(at);
        block.push({ indent: at, key: "-" });
        at += 1 + line.slice(at + 1).match(/^\s*/)[0].length;
      }
      const key = line.slice(at).match(/^("[^"]*"|'[^']*'|[^\s:#{}[\],][^:#{}[\]]*?):(\s|$)/);
      if (key || at === line.length || line.trim()) pop(at);
      if (key) {
        block.push({ indent: at, key: plain(key[1]) });
        at += key[0].length;
        isValue = true;
      }
    }
    isValue = scan(line.slice(at), flow) ?? isValue;
    if (!flow.length && !line.includes(":")) isValue = false;
  }
  const inner = flow.flatMap((one) => (one.type === "[" ? ["-"] : []).concat(one.key === null ? [] : [one.key]));
  const top = flow.at(-1);
  return { path: [...block.map((one) => one.key), ...inner], isValue: top ? top.type === "[" || top.key !== null : isValue };
}

const plain = (word) => word.trim().replace(/^["']|["']$/g, "");

function scan(text, flow) {
  let word = "";
  let seen = null;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === "#" && (at === 0 || text[at - 1] === " ")) break;
    if (sign === '"' || sign === "'") {
      const end = text.indexOf(sign, at + 1);
      word = text.slice(at + 1, end < 0 ? undefined : end);
      at = end < 0 ? text.length : end;
    } else if (sign === "{" || sign === "[") {
      flow.push({ type: sign, key: null });
      word = "";
    } else if (sign === "}" || sign === "]") flow.pop();
    else if (sign === "," && flow.length) {
      flow.at(-1).key = null;
      word = "";
    } else if (sign === ":" && flow.at(-1)?.type === "{" && /^(\s|$)/.test(text.slice(at + 1))) {
      flow.at(-1).key = plain(word);
      word = "";
    } else word += sign;
    seen = flow.length ? null : seen;
  }
  return seen;
}

// Which keys fit at a path: the name of a table that the server gives, or a condition.
function fits(path) {
  const steps = path[0] === "segments" && ["fit", "engagement"].includes(path[2]) ? path.slice(2) : path;
  const of = steps.findIndex((step) => ["when", "needs"].includes(step));
  if (of >= 0) {
    const inner = steps.slice(of + 1).filter((step) => step !== "-");
    const isJoint = !inner.length || inner.at(-1) in JOINTS;
    const scores = ["stages", "priorities", "accounts"].includes(steps[0]);
    return { name: isJoint ? "condition" : "comparison", scores, trait: inner.at(-1), events: steps[0] === "engagement" };
  }
  const last = steps.findLast((step) => step !== "-");
  const names = { bands: "band", count: "band", recency: "band", decay: "decay", sum: "sum", qualify: "qualification",
    disqualify: "qualification", stages: "stage", priorities: "priority", segments: "segment" };
  if (last === "rules") return { name: `${steps[0]} rule` };
  if (steps.at(-2) === "groups") return { name: "clamp" };
  return { name: names[last] ?? (steps.length ? last : "") };
}

function offers(words, path, isValue) {
  if (!isValue) {
    const fit = fits(path);
    if (fit.name === "condition") return [{ ...JOINTS, ...(fit.scores ? SCORES : fit.events ? {} : words.traits) }, ": "];
    if (fit.name === "comparison") return [words.comparisons, ": "];
    return [words.keys[fit.name] ?? {}, ": "];
  }
  const keys = path.filter((step) => step !== "-");
  const last = keys.at(-1);
  if (last === "by") return [words.traits, ""];
  if (last === "event") return [{ ...words.events, '"*"': "every event" }, ""];
  const { name, trait } = fits(path);
  const values = VALUES[last] ?? (name === "comparison" ? words.values[trait in words.comparisons ? keys.at(-2) : trait] : undefined);
  return [Object.fromEntries((values ?? []).map((value) => [written(value), ""])), ""];
}

const written = (value) => (/^[\w{][\w {}:./-]*$/.test(value) && !/^(true|false|null|~)$/i.test(value) ? value : JSON.stringify(value));

function completing(getWords) {
  return async (context) => {
    const word = context.matchBefore(/[\w.$*-]*/);
    if (!context.explicit && !word.text) return null;
    const words = await getWords();
    const { path, isValue } = place(context.state.sliceDoc(0, word.from));
    const [found, end] = offers(words, path, isValue);
    const options = Object.entries(found).map(([label, info]) => ({ label, detail: info.length > 40 ? undefined : info, info: info.length > 40 ? info : undefined, apply: label + end }));
    return { from: word.from, options, validFor: /^[\w.$*-]*$/ };
  };
}

// What the list below the editor says is wrong, at its places.
function faults(doc) {
  return [...document.querySelectorAll("#problems [data-line]")].flatMap((one) => {
    const number = Number(one.dataset.line);
    if (number < 1 || number > doc.lines) return [];
    const line = doc.line(number);
    const from = Math.min(line.from + Math.max(Number(one.dataset.column) - 1, 0), line.to);
    const word = doc.sliceString(from, line.to).match(/^[^\s,:{}[\]]+/);
    const severity = one.dataset.kind === "error" ? "error" : "warning";
    return [{ from, to: word ? from + word[0].length : line.to, severity, message: one.textContent.replace(/^line \d+\s*/, "").trim().replace(/\s+/g, " ") }];
  });
}

function look(CM) {
  const { HighlightStyle, tags, EditorView } = CM;
  const colours = HighlightStyle.define([
    { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--other)" },
    { tag: [tags.comment, tags.lineComment], color: "var(--soft)", fontStyle: "italic" },
    { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
    { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--accent)" },
  ]);
  const theme = EditorView.theme({
    "&": { color: "var(--ink)", backgroundColor: "var(--raised)", fontSize: "0.875rem", maxHeight: "75vh" },
    ".cm-scroller": { fontFamily: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace', lineHeight: "1.55", overflow: "auto" },
    ".cm-content": { caretColor: "var(--ink)", minHeight: "20rem" },
    ".cm-cursor": { borderLeftColor: "var(--ink)" },
    ".cm-gutters": { backgroundColor: "var(--paper)", color: "var(--soft)", borderRight: "1px solid var(--line)" },
    ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--tint) 40%, transparent)" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--tint)" },
    ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--track)", borderRadius: "6px", maxWidth: "32rem" },
    ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
    ".cm-completionDetail": { fontStyle: "normal", color: "var(--soft)" },
    "li[aria-selected] .cm-completionDetail": { color: "inherit" },
    ".cm-panels": { backgroundColor: "var(--paper)", color: "var(--ink)" },
    ".cm-foldPlaceholder": { backgroundColor: "var(--tint)", color: "var(--ink)", border: "0" },
  });
  return [CM.syntaxHighlighting(colours), theme];
}

function edit(CM) {
  const area = document.getElementById("text");
  const form = area.form;
  let words;
  const getWords = () => (words ??= fetch(area.dataset.words).then((answer) => answer.json()));
  let timer = 0;
  const changed = CM.EditorView.updateListener.of((update) => {
    if (!update.docChanged) return;
    area.value = update.state.doc.toString();
    clearTimeout(timer);
    timer = setTimeout(() => form.dispatchEvent(new CustomEvent("typed")), CHECKED_MS);
  });
  const box = document.createElement("div");
  box.className = "code";
  area.before(box);
  // in a document the editor would write its rules into a style element, which the policy of the page forbids; in a
  // shadow root it adopts style sheets
  const root = box.attachShadow({ mode: "open" });
  const view = new CM.EditorView({
    root,
    parent: root,
    state: CM.EditorState.create({
      doc: area.value,
      extensions: [
        CM.lineNumbers(), CM.foldGutter(), CM.lintGutter(), CM.highlightActiveLine(), CM.highlightActiveLineGutter(),
        CM.drawSelection(), CM.highlightSpecialChars(), CM.history(), CM.indentOnInput(), CM.bracketMatching(),
        CM.closeBrackets(), CM.highlightSelectionMatches(), CM.indentUnit.of("  "), CM.yaml(), look(CM), changed,
        CM.autocompletion({ override: [completing(getWords)] }),
        CM.keymap.of([...CM.closeBracketsKeymap, ...CM.defaultKeymap, ...CM.historyKeymap, ...CM.searchKeymap, ...CM.foldKeymap, ...CM.completionKeymap, ...CM.lintKeymap]),
        CM.EditorState.readOnly.of(area.readOnly), CM.EditorView.contentAttributes.of({ "aria-label": "The model as YAML" }),
      ],
    }),
  });
  area.hidden = true;
  form.querySelector(".keeps")?.remove(); // it is kept as it is typed
  view.scrollDOM.tabIndex = 0; // it scrolls: those who have only a keyboard must be able to
  const mark = () => view.dispatch(CM.setDiagnostics(view.state, faults(view.state.doc)));
  const go = (number) => {
    if (number < 1 || number > view.state.doc.lines) return;
    const at = view.state.doc.line(number).from;
    view.dispatch({ selection: { anchor: at }, effects: CM.EditorView.scrollIntoView(at, { y: "center" }) });
    view.focus();
  };
  mark();
  go(Number(area.dataset.line));
  document.addEventListener("htmx:after:swap", mark);
  document.getElementById("problems").addEventListener("click", (event) => {
    const line = event.target.closest("[data-line]")?.dataset.line;
    if (!line) return;
    event.preventDefault();
    go(Number(line));
  });
}

// The editor is large: it comes when the page stands.
function fetchEditor() {
  const area = document.getElementById("text");
  if (!area) return;
  const script = document.createElement("script");
  script.src = area.dataset.editor;
  script.integrity = area.dataset.integrity;
  script.onload = () => edit(window.CodeMirror);
  document.head.append(script);
}
window.addEventListener("load", () => (window.requestIdleCallback ?? setTimeout)(fetchEditor));
