import { type ReactNode, useEffect, useRef } from "react";
import { useView } from "../store/view";

/** A dialog of the browser's own kind: it holds the focus, and Escape closes it. */
export function Modal({ title, className, children }: { title: string; className?: string; children: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null);
  const open = useView((view) => view.open);
  useEffect(() => {
    ref.current?.showModal();
  }, []);
  return (
    <dialog
      ref={ref}
      aria-label={title}
      className={className}
      onClose={() => open(undefined)}
      onMouseDown={(event) => event.target === ref.current && ref.current?.close()}
    >
      {children}
    </dialog>
  );
}
