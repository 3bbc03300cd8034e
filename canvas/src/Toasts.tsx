import { useView } from "./store/view";

export function Toasts() {
  const toasts = useView((view) => view.toasts);
  const dismiss = useView((view) => view.dismiss);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map((toast) => (
        <p key={toast.id} className={toast.tone}>
          {toast.text}
          {toast.undo && (
            <button
              className="link"
              onClick={() => {
                toast.undo?.();
                dismiss(toast.id);
              }}
            >
              Undo
            </button>
          )}
          <button className="quiet" aria-label="Dismiss" onClick={() => dismiss(toast.id)}>
            ✕
          </button>
        </p>
      ))}
    </div>
  );
}
