package ai.molecule.platform.workspace;

import com.fasterxml.jackson.databind.JsonNode;

/// What the current agent of a workspace said when it registered.
///
/// @param url where it says it listens; empty when it has no inbound port
/// @param card its agent card; a missing node before the first registration
/// @param epoch counts the registrations; 0 before the first
public record Guest(String url, JsonNode card, long epoch) {}
