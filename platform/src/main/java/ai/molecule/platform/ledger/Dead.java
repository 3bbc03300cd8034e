package ai.molecule.platform.ledger;

import com.fasterxml.jackson.databind.node.ObjectNode;

/// A message that was given up.
public record Dead(long delivery, Submission.Address address, ObjectNode request) {}
