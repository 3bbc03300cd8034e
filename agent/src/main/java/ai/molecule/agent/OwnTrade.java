package ai.molecule.agent;

import ai.molecule.agent.uplink.Desk;
import com.fasterxml.jackson.databind.JsonNode;

/// An engine in this process.
final class OwnTrade implements RemoteAgent.Trade {

    private final Engine engine;
    private final Tasks tasks;
    private volatile String called = "";

    OwnTrade(Engine engine, PlatformLine line) {
        this.engine = engine;
        this.tasks = new Tasks(engine, line::consult);
    }

    @Override
    public Desk desk() {
        return new LocalDesk(new A2aEndpoint(tasks));
    }

    @Override
    public Load load() {
        return tasks;
    }

    @Override
    public JsonNode card(String name) {
        called = name;
        return current();
    }

    @Override
    public JsonNode current() {
        var card = Main.card(engine, "");
        return called.isEmpty() ? card : card.put("name", called);
    }
}
