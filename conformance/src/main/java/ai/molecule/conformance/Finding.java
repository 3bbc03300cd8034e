package ai.molecule.conformance;

/// How an agent stands to one requirement.
///
/// @param id as in `docs/runtime-contract.md`
/// @param requirement what it is to do
/// @param detail what was seen
record Finding(Level level, String id, String requirement, Outcome outcome, String detail) {

    /// How much of a colleague an agent is (RFC 2119).
    enum Level {
        /// What it must do to take part at all.
        JOINS("joins", "MUST"),
        /// What it should do so that nothing is lost and nobody is let in.
        HOLDS("holds", "SHOULD"),
        /// What it may do beyond.
        BELONGS("belongs", "MAY");

        private final String word;
        private final String verb;

        Level(String word, String verb) {
            this.word = word;
            this.verb = verb;
        }

        String word() {
            return word;
        }

        String verb() {
            return verb;
        }
    }

    /// What came of looking.
    enum Outcome {
        PASSED,
        FAILED,
        /// It could not be looked at, or does not concern this agent.
        SKIPPED
    }
}
