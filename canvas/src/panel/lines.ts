/** A text as a text field holds it: its lines end with LF. */
export function shown(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

/**
 * The text that a file becomes when its shown form was changed to another: every line that was not touched keeps the
 * end that it had, and new ones end like the first.
 */
export function written(file: string, changed: string): string {
  if (!file.includes("\r")) return changed;
  const before = file.split(/(?<=\r\n|\n|\r(?!\n))/);
  const after = changed.split(/(?<=\n)/);
  let head = 0;
  while (head < before.length && head < after.length && shown(before[head] ?? "") === after[head]) head++;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && shown(before[before.length - 1 - tail] ?? "") === after[after.length - 1 - tail]) tail++;
  const end = /\r\n|\n|\r/.exec(file)?.[0] ?? "\n";
  const fresh = after.slice(head, after.length - tail).map((line) => line.replace(/\n$/, end));
  const whole = [...before.slice(0, head), ...fresh, ...before.slice(before.length - tail)].join("");
  // A CR of its own before a line that begins with LF would become one end with it.
  return shown(whole) === changed ? whole : changed.replace(/\n/g, end);
}

/** Where a refusal says that a text is wrong: how many characters are before it. */
export function placeOf(refusal: string, text: string): number | undefined {
  const place = /line (\d+)(?:, column (\d+))?/.exec(refusal);
  if (!place) return undefined;
  const lines = text.split("\n").slice(0, Number(place[1]));
  const last = lines.pop() ?? "";
  return lines.reduce((sum, line) => sum + line.length + 1, 0) + Math.min(last.length, Number(place[2] ?? 1) - 1);
}

/** How many lines a change takes away and adds. */
export function changed(before: string, after: string): { gone: number; added: number } {
  const left = before.split("\n");
  const right = after.split("\n");
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) head++;
  let tail = 0;
  while (tail < left.length - head && tail < right.length - head && left[left.length - 1 - tail] === right[right.length - 1 - tail]) tail++;
  return { gone: left.length - head - tail, added: right.length - head - tail };
}
