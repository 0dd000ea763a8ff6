package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What do one admission and one release cost a request that need not wait? */
@State(Scope.Benchmark)
public class AdmitBenchmark {
  private FlowController controller = Engines.withRoomFor(1_000);
  private final FlowControlRequest request =
      FlowControlRequest.builder("r", new FlowKey("tenant", 0))
          .sizeBytes(1_000)
          .inputTokens(50)
          .maxOutputTokens(200)
          .build();

  /** A fresh engine for each fork. */
  @Setup(Level.Trial)
  public void open() {
    controller.close();
    controller = Engines.withRoomFor(1_000);
  }

  /** Closes the engine. */
  @TearDown(Level.Trial)
  public void close() {
    controller.close();
  }

  /** One admission and one release. */
  @Benchmark
  public void admit() throws InterruptedException {
    Engines.roundTrip(controller, request);
  }
}
