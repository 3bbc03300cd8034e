import { describe, expect, it } from "vitest";
import { changed, placeOf, shown, written } from "./lines";

/** A small generator with a seed, so that a failure can be seen again. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return Math.floor((state / 4294967296) * below);
  };
}

function text(next: (below: number) => number): string {
  const pieces = ["a", "key: value", " # why", "\n", "\r\n", "\r", "", "\u00e4", "- x"];
  return Array.from({ length: next(12) }, () => pieces[next(pieces.length)] ?? "").join("");
}

describe("lines", () => {
  it("leave a file as it was when nothing was changed, whatever its lines end with", () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const file = text(random(seed));
      expect(written(file, shown(file)), JSON.stringify(file)).toBe(file);
    }
  });

  it("become what was written, and nothing else", () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const next = random(seed);
      const file = text(next);
      const edited = shown(text(next));
      expect(shown(written(file, edited)), JSON.stringify([file, edited])).toBe(edited);
    }
  });

  it("keep their ends around a change", () => {
    expect(written("a: 1\r\nb: 2\nc: 3\r\n", "a: 1\nb: 5\nnew: 1\nc: 3\n")).toBe("a: 1\r\nb: 5\r\nnew: 1\r\nc: 3\r\n");
    expect(written("a: 1\r\nb: 2\nc: 3\r\n", "a: 4\nb: 2\nc: 3\n")).toBe("a: 4\r\nb: 2\nc: 3\r\n");
  });

  it("are found where a refusal says", () => {
    const file = "a: 1\nb: [\nc: 3";
    expect(placeOf("config.yaml, line 2, column 4: expected YAML", file)).toBe(8);
    expect(placeOf("line 3", file)).toBe(10);
    expect(placeOf("line 9, column 9", file)).toBe(file.length);
    expect(placeOf("too long", file)).toBeUndefined();
  });

  it("are counted", () => {
    expect(changed("a\nb\nc", "a\nx\ny\nc")).toEqual({ gone: 1, added: 2 });
    expect(changed("a\nb", "a\nb")).toEqual({ gone: 0, added: 0 });
  });
});
