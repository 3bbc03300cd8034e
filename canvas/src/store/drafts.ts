import { create } from "zustand";

/** A file as somebody is changing it. */
export interface Draft {
  /** What the file was when they began; undefined where there was none. */
  base: string | undefined;
  text: string;
}

/** What was typed and is not saved yet. It stays when another tab or workspace is looked at. */
interface Drafts {
  byFile: Readonly<Record<string, Draft>>;
  keep: (file: string, draft: Draft) => void;
  drop: (file: string) => void;
}

export const useDrafts = create<Drafts>()((set) => ({
  byFile: {},
  keep: (file, draft) => set((drafts) => ({ byFile: { ...drafts.byFile, [file]: draft } })),
  drop: (file) =>
    set((drafts) => {
      const { [file]: _, ...rest } = drafts.byFile;
      return { byFile: rest };
    }),
}));

if (typeof window !== "undefined") {
  window.addEventListener("beforeunload", (event) => {
    if (Object.keys(useDrafts.getState().byFile).length > 0) event.preventDefault();
  });
}
