package ai.molecule.platform.a2a;

import ai.molecule.platform.ledger.Ledger;
import ai.molecule.platform.registry.Routes;
import java.time.InstantSource;

/// What it takes to hand something to an agent: the ledger it is written in, the way, and the line.
public record Means(Ledger ledger, Routes routes, AgentLine line, InstantSource clock) {}
