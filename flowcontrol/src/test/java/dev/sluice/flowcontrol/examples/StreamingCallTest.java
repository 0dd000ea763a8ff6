package dev.sluice.flowcontrol.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Checks that the example gives every permit back, and that the docs show this example. */
final class StreamingCallTest {
  private final FlowController flowControl =
      FlowController.create(
          FlowControlConfig.builder()
              .detector(
                  PluginCatalog.builtIn()
                      .plugin(SaturationDetector.class, "concurrency", Map.of("maxConcurrency", 1)))
              .build());
  private final List<CompletableFuture<Usage>> streams = new ArrayList<>();

  StreamingCallTest() {
    flowControl.poolChanged(PoolSnapshot.of("server-1"));
  }

  @AfterEach
  void close() {
    flowControl.close();
  }

  private StreamingCall call() {
    return new StreamingCall(
        flowControl,
        FlowControlRequest.builder("r", new FlowKey("tenant", 0)).build(),
        this::stream,
        Runnable::run);
  }

  private CompletableFuture<Usage> stream(Permit permit) {
    var stream = new CompletableFuture<Usage>();
    streams.add(stream);
    return stream;
  }

  @Test
  void holdsItsPermitUntilTheStreamEnds() {
    var first = call();
    var second = call();
    assertThat(streams).hasSize(1);

    streams.get(0).complete(Usage.of(10, 20));

    assertThat(first.answer()).isCompletedWithValue(Usage.of(10, 20));
    assertThat(streams).as("the second stream began").hasSize(2);
    assertThat(second.answer()).isNotDone();
  }

  @Test
  void leavesTheQueueIfItsClientLeavesWhileItWaits() {
    var running = call();
    var waiting = call();

    waiting.leave();

    assertThat(waiting.answer()).isDone();
    assertThat(flowControl.view().queuedRequests()).isZero();
    streams.get(0).complete(Usage.of(1, 1));
    assertThat(running.answer()).isCompleted();
    assertThat(streams).hasSize(1);
    assertThat(flowControl.view().runningRequests()).isZero();
  }

  @Test
  void endsTheStreamIfItsClientLeavesWhileItRuns() {
    var call = call();

    call.leave();

    assertThat(streams.get(0)).isCancelled();
    assertThat(flowControl.view().runningRequests()).isZero();
  }

  @Test
  void givesThePermitBackIfTheServerFails() {
    var call = call();

    streams.get(0).completeExceptionally(new IOException("reset"));

    assertThat(call.answer()).isCompletedExceptionally();
    assertThat(flowControl.view().runningRequests()).isZero();
  }

  @Test
  void standsInTheDocsWordForWord() throws IOException {
    var root = Path.of("").toAbsolutePath();
    while (!Files.exists(root.resolve("sluice"))) {
      root = root.getParent();
    }
    var source =
        Files.readString(
            root.resolve(
                "flowcontrol/src/test/java/dev/sluice/flowcontrol/examples/StreamingCall.java"));
    var example =
        source.substring(
            source.indexOf("// begin\n") + "// begin\n".length(), source.indexOf("// end"));
    assertThat(Files.readString(root.resolve("docs/library.md"))).contains(example);
  }
}
