package dev.sluice.server.demo;

import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.modelserver.ModelServer;
import dev.sluice.modelserver.ModelServerListener;
import dev.sluice.modelserver.ModelServerOptions;
import dev.sluice.observability.audit.Auditor;
import dev.sluice.server.config.ConfigLoader;
import dev.sluice.server.config.InvalidConfigException;
import dev.sluice.server.process.SluiceServer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A pool of simulated model servers, a gateway in front of it, and the tenants' client. With flow
 * control, inversions are counted from the engine's events. Without it no request queues in the
 * engine, so inversions are counted when a model server starts a request while more important ones
 * wait. Thread-safe.
 */
final class DemoStack implements AutoCloseable {
  private final boolean flowControl;
  private final List<ModelServer> servers = new ArrayList<>();
  private final Map<String, TenantRecord> records = new LinkedHashMap<>();
  private final Auditor auditor = new Auditor();
  private final SluiceServer server;
  private final DemoClient client;
  private long auditSequence;

  DemoStack(boolean flowControl) throws InvalidConfigException {
    this.flowControl = flowControl;
    for (var tenant : DemoPlan.TENANTS) {
      records.put(tenant.id(), new TenantRecord(tenant));
    }
    var started = new StartListener();
    for (var i = 0; i < DemoPlan.SERVERS; i++) {
      servers.add(
          ModelServer.start(
              ModelServerOptions.builder()
                  .models(List.of("demo"))
                  .timeToFirstToken(DemoPlan.FIRST_TOKEN)
                  .timePerOutputToken(DemoPlan.NEXT_TOKEN)
                  .maxRunningSequences(DemoPlan.SLOTS_PER_SERVER)
                  .build(),
              started));
    }
    var config = new ConfigLoader().load(yaml(), "demo.yaml");
    server = flowControl ? SluiceServer.start(config, auditor) : SluiceServer.start(config);
    client =
        new DemoClient(
            URI.create("http://127.0.0.1:" + server.port()),
            flowControl ? "with-" : "without-",
            records,
            new Audit());
    started.client = client;
  }

  /** The gateway's configuration, as a user would write it. */
  private String yaml() {
    var endpoints =
        servers.stream()
            .map(s -> "{url: \"" + s.baseUrl() + "\", models: [demo]}")
            .collect(Collectors.joining(", "));
    var tenants =
        DemoPlan.TENANTS.stream()
            .map(t ->
                "  - {id: "
                    + t.id()
                    + ", priority: "
                    + t.priority()
                    + ", apiKeySha256: ["
                    + sha256(t.apiKey())
                    + "]}")
            .collect(Collectors.joining("\n"));
    // A limit that no load reaches leaves the gate open: the model servers' own queues take all
    // requests.
    var room = flowControl ? DemoPlan.SLOTS_PER_SERVER : 1_000_000;
    return """
    gateway: {host: 127.0.0.1, port: 0, requireApiKey: true}
    admin: {host: 127.0.0.1, port: 0}
    pool: {endpoints: [%s]}
    tenants:
    %s
    flowControl:
      maxRequests: 120
      defaultRequestTTL: 6s
      drain: 0s
      saturationDetector:
        pluginRef: {type: concurrency-detector, parameters: {maxConcurrency: %d}}
    """
        .formatted(endpoints, tenants, room);
  }

  private static String sha256(String key) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(key.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Whether the pool is healthy, so that the load can begin. */
  boolean isReady() {
    return server.controller().view().hasEndpoints();
  }

  DemoClient client() {
    return client;
  }

  double saturation() {
    return server.controller().view().saturation();
  }

  List<TenantRecord.Snapshot> snapshots() {
    return records.values().stream().map(TenantRecord::snapshot).toList();
  }

  /** The results. To be called when all requests have ended. */
  DemoSummary.Run summary(Duration loaded) {
    var tenants = snapshots();
    var offered = tenants.stream().mapToInt(TenantRecord.Snapshot::offered).sum();
    var done = tenants.stream().mapToInt(TenantRecord.Snapshot::done).sum();
    var refused = tenants.stream().mapToInt(TenantRecord.Snapshot::refused).sum();
    var failed = tenants.stream().mapToInt(TenantRecord.Snapshot::failed).sum();
    var cut = tenants.stream().mapToInt(TenantRecord.Snapshot::cut).sum();
    return new DemoSummary.Run(
        loaded.toMillis() / 1e3,
        offered,
        done,
        refused,
        failed,
        cut,
        offered - done - refused - failed - cut,
        auditor.report().priorityInversions(),
        tenants.stream()
            .map(t ->
                new DemoSummary.Tenant(
                    t.tenant().id(),
                    t.tenant().priority(),
                    t.offered(),
                    t.done(),
                    t.refused(),
                    t.failed(),
                    t.cut(),
                    t.waitMillis(),
                    t.firstByteMillis()))
            .toList());
  }

  @Override
  public void close() {
    client.close();
    server.close();
    servers.forEach(ModelServer::close);
  }

  /**
   * Tells the client of starts. The client is set later, because model servers start before it
   * exists.
   */
  private final class StartListener implements ModelServerListener {
    private volatile @Nullable DemoClient client;

    @Override
    public void started(String requestId, long nanoTime) {
      var told = client;
      if (told != null) {
        var tenant = told.started(requestId, nanoTime);
        if (tenant != null && !flowControl) {
          tell(sequence ->
              auditor.dispatched(sequence, nanoTime, request(requestId, tenant), 0, true, false));
        }
      }
    }
  }

  /** Audits a run without flow control, from the client's sends and the servers' starts. */
  private final class Audit implements DemoClient.Listener {
    @Override
    public void sent(String requestId, DemoPlan.Tenant tenant) {
      if (!flowControl) {
        tell(sequence -> auditor.queued(sequence, System.nanoTime(), request(requestId, tenant)));
      }
    }

    @Override
    public void ended(String requestId, DemoPlan.Tenant tenant, boolean started) {
      if (!flowControl && !started) {
        tell(sequence ->
            auditor.evicted(
                sequence, System.nanoTime(), request(requestId, tenant), EvictReason.CANCELLED, 0));
      }
    }
  }

  private static FlowControlRequest request(String id, DemoPlan.Tenant tenant) {
    return FlowControlRequest.builder(id, new FlowKey(tenant.id(), tenant.priority())).build();
  }

  private synchronized void tell(LongConsumer event) {
    event.accept(++auditSequence);
  }
}
