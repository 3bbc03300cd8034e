import { Background, BackgroundVariant, Controls, type Edge, MarkerType, MiniMap, type Node, type NodeChange, ReactFlow, applyNodeChanges, useReactFlow } from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api } from "../api/client";
import { isInside, useFleet } from "../store/fleet";
import { useView } from "../store/view";
import { Card, type CardData } from "./Card";
import { type Box, boxes, clampInside } from "./layout";

type CardNode = Node<CardData, "card">;

const NODE_TYPES = { card: Card };
const MINIMAP_COLOURS: Record<string, string> = {
  provisioning: "#38bdf8",
  awaiting_agent: "#a78bfa",
  online: "#34d399",
  degraded: "#fbbf24",
  offline: "#6b7280",
  paused: "#818cf8",
  hibernated: "#64748b",
  failed: "#f87171",
};

/** The organisation: a card for every workspace, nested by parent; drag to move, drop on a card to nest. */
export function Canvas() {
  const nodes = useNodes();
  const edges = useEdges();
  const [dragged, setDragged] = useState<CardNode[]>();
  const [target, setTarget] = useState<string>();
  const touched = useRef(false);
  const flow = useReactFlow();
  const selected = useView((view) => view.selected);
  const select = useView((view) => view.select);

  const shown = useMemo(() => decorate(dragged ?? nodes, selected, target), [dragged, nodes, selected, target]);

  const onNodesChange = useCallback(
    (changes: NodeChange<CardNode>[]) => {
      if (changes.some((change) => change.type === "position")) {
        setDragged((before) => applyNodeChanges(changes, before ?? nodes));
      }
    },
    [nodes],
  );

  const dropTarget = useCallback(
    (node: Node) => {
      const bounds = flow.getNodesBounds([node.id]);
      const centre = { x: bounds.x + bounds.width / 2, y: bounds.y + Math.min(bounds.height / 2, 50) };
      return deepestAt(flow.getNodes().map((one) => ({ id: one.id, rect: flow.getNodesBounds([one.id]) })), centre, node.id);
    },
    [flow],
  );

  const onNodeDrag = useCallback(
    (_event: unknown, node: Node) => {
      const over = dropTarget(node);
      setTarget(over === node.parentId ? undefined : over);
    },
    [dropTarget],
  );

  const onNodeDragStop = useCallback(
    (_event: unknown, node: Node) => {
      touched.current = true;
      const over = dropTarget(node);
      const bounds = flow.getNodesBounds([node.id]);
      const origin = over ? flow.getNodesBounds([over]) : { x: 0, y: 0 };
      const at = over ? clampInside(bounds.x - origin.x, bounds.y - origin.y) : { x: bounds.x, y: bounds.y };
      setTarget(undefined);
      setDragged(undefined);
      void move(node.id, over ?? null, Math.round(at.x), Math.round(at.y));
    },
    [dropTarget, flow],
  );

  return (
    <ReactFlow
      nodes={shown}
      edges={edges}
      nodeTypes={NODE_TYPES}
      onNodesChange={onNodesChange}
      onNodeClick={(_event, node) => select(node.id)}
      onPaneClick={() => select(undefined)}
      onNodeDrag={onNodeDrag}
      onNodeDragStop={onNodeDragStop}
      onMoveStart={(event) => {
        if (event) touched.current = true;
      }}
      minZoom={0.1}
      maxZoom={1.6}
      deleteKeyCode={null}
      nodesConnectable={false}
      onlyRenderVisibleElements
      fitView
      fitViewOptions={FIT}
      proOptions={{ hideAttribution: true }}
    >
      <Background variant={BackgroundVariant.Dots} gap={24} size={1} color="#262b38" />
      <Controls showInteractive={false} />
      <MiniMap
        pannable
        zoomable
        nodeColor={(node) => MINIMAP_COLOURS[useFleet.getState().byId[node.id]?.status ?? "offline"] ?? "#52525b"}
        maskColor="rgb(9 11 16 / 75%)"
      />
      <FitUntilTouched touched={touched} count={nodes.length} />
      <FollowSelection />
    </ReactFlow>
  );
}

const FIT = { padding: 0.2, maxZoom: 1 };

/** The nodes, each kept as it was while its box stays as it was: React Flow draws only those that are new. */
function useNodes(): CardNode[] {
  const byId = useFleet((fleet) => fleet.byId);
  const cache = useRef(new Map<string, { key: string; node: CardNode }>());
  return useMemo(() => {
    const placed = boxes(byId);
    const inside = new Map<string, number>();
    for (const box of placed) {
      for (let at = byId[box.id]?.parent_id; at; at = byId[at]?.parent_id) inside.set(at, (inside.get(at) ?? 0) + 1);
    }
    const next = new Map<string, { key: string; node: CardNode }>();
    const list = placed.map((box) => {
      const count = inside.get(box.id) ?? 0;
      const key = JSON.stringify([box, count]);
      const kept = cache.current.get(box.id);
      const entry = kept?.key === key ? kept : { key, node: toNode(box, count) };
      next.set(box.id, entry);
      return entry.node;
    });
    cache.current = next;
    return list;
  }, [byId]);
}

/** Who sends to whom: moving while something is open, fading after it. */
function useEdges(): Edge[] {
  const traffic = useFleet((fleet) => fleet.traffic.edges);
  const byId = useFleet((fleet) => fleet.byId);
  return useMemo(
    () =>
      traffic.flatMap((edge) => {
        if (!edge.source_id || edge.source_id === edge.target_id || !byId[edge.source_id] || !byId[edge.target_id]) return [];
        return [
          {
            id: `${edge.source_id}>${edge.target_id}`,
            source: edge.source_id,
            target: edge.target_id,
            animated: edge.open > 0,
            className: edge.open > 0 ? "message open" : "message",
            markerEnd: { type: MarkerType.ArrowClosed },
            zIndex: 500,
            focusable: false,
            ...(edge.open > 1 ? { label: String(edge.open) } : {}),
          },
        ];
      }),
    [traffic, byId],
  );
}

function toNode(box: Box, inside: number): CardNode {
  return {
    id: box.id,
    type: "card",
    position: { x: box.x, y: box.y },
    ...(box.parent ? { parentId: box.parent } : {}),
    width: box.width,
    height: box.height,
    zIndex: box.depth,
    data: { team: box.team, inside },
  };
}

function decorate(nodes: CardNode[], selected: string | undefined, target: string | undefined): CardNode[] {
  if (!selected && !target) return nodes;
  return nodes.map((node) => {
    if (node.id === selected || node.id === target) {
      return { ...node, selected: node.id === selected, className: node.id === target ? "drop-target" : "" };
    }
    return node;
  });
}

function deepestAt(
  all: { id: string; rect: { x: number; y: number; width: number; height: number } }[],
  at: { x: number; y: number },
  moving: string,
): string | undefined {
  const { byId } = useFleet.getState();
  return all
    .filter(({ id }) => byId[id] && !isInside(byId, id, moving))
    .filter(({ rect }) => at.x >= rect.x && at.x <= rect.x + rect.width && at.y >= rect.y && at.y <= rect.y + rect.height)
    .sort((one, other) => one.rect.width * one.rect.height - other.rect.width * other.rect.height)[0]?.id;
}

/** Moves a card, shown at once and taken back when the platform refuses; another parent can be undone. */
export async function move(id: string, parent: string | null, x: number, y: number): Promise<void> {
  const { byId, expect } = useFleet.getState();
  const before = byId[id];
  if (!before) return;
  const nests = (before.parent_id ?? null) !== parent;
  if (!nests && before.x === x && before.y === y) return;
  const takeBack = expect(id, { parent_id: parent, x, y });
  try {
    await api.patch(id, nests ? { parent_id: parent, x, y } : { x, y });
    if (nests) {
      const where = parent ? `into ${byId[parent]?.name ?? "another team"}` : "out of its team";
      useView.getState().say(`Moved ${before.name} ${where}`, () => void move(id, before.parent_id ?? null, before.x, before.y));
    }
  } catch (problem) {
    takeBack();
    useView.getState().complain(problem);
  }
}

/** Keeps everybody in view while cards arrive, until somebody moves the canvas, drags or chooses a card. */
function FitUntilTouched({ touched, count }: { touched: { current: boolean }; count: number }) {
  const flow = useReactFlow();
  const selected = useView((view) => view.selected);
  useEffect(() => {
    if (selected) touched.current = true;
    if (!touched.current) void flow.fitView(FIT);
  }, [count, selected, touched, flow]);
  return null;
}

/** Brings a card into view that was chosen by search or by a link. */
function FollowSelection() {
  const flow = useReactFlow();
  const wanted = useView((view) => view.selected);
  const last = useRef<string>(undefined);
  useEffect(() => {
    if (!wanted || wanted === last.current) return;
    last.current = wanted;
    const node = flow.getInternalNode(wanted);
    if (!node) return;
    const { x, y } = node.internals.positionAbsolute;
    const screen = flow.flowToScreenPosition({ x, y });
    const visible = screen.x > 0 && screen.y > 56 && screen.x < window.innerWidth - 660 && screen.y < window.innerHeight - 120;
    if (!visible) void flow.setCenter(x + 280, y + 60, { zoom: Math.max(0.6, flow.getZoom()), duration: 250 });
  }, [wanted, flow]);
  return null;
}
