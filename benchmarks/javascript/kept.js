// What storage costs: read, changed (and on the disk when the answer is given), and counted.
register("/api/kept", async () => ({ value: (await storage.get("value")) ?? null }));
register("/api/kept/set", async () => {
  await storage.set("value", { name: "Ada", at: 17 });
  return { status: 204 };
});
register("/api/kept/count", async () => ({ count: await storage.increment("count") }));
