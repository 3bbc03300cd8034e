package ai.molecule.agent.model;

import java.util.function.Consumer;

/// What of a model's words is for people: calls of tools among them are not.
final class Spoken implements Consumer<String> {

    private final Consumer<String> words;
    private final StringBuilder held = new StringBuilder();
    private boolean within;

    Spoken(Consumer<String> words) {
        this.words = words;
    }

    @Override
    public void accept(String piece) {
        held.append(piece);
        while (step()) {
            // As long as there is a tag.
        }
        if (!within) {
            tell(held.length() - beginning());
        }
    }

    /// Goes past the next tag; false when there is none yet.
    private boolean step() {
        var tag = within ? ToolTags.CLOSE : ToolTags.OPEN;
        var at = held.indexOf(tag);
        if (at < 0) {
            return false;
        }
        if (!within) {
            tell(at);
            held.delete(0, tag.length());
        } else {
            held.delete(0, at + tag.length());
        }
        within = !within;
        return true;
    }

    /// How much of the end may be the beginning of a tag.
    private int beginning() {
        for (int length = Math.min(held.length(), ToolTags.OPEN.length() - 1); length > 0; length--) {
            if (ToolTags.OPEN.startsWith(held.substring(held.length() - length))) {
                return length;
            }
        }
        return 0;
    }

    private void tell(int length) {
        if (length > 0) {
            words.accept(held.substring(0, length));
            held.delete(0, length);
        }
    }

    /// There is no more: what looked like the beginning of a tag was none.
    void end() {
        if (!within) {
            tell(held.length());
        }
    }
}
