package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Usage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many requests go from admission to their end if each belongs to a new flow? As in upstream's
 * {@code FullPath}, there are 100 callers, 4 bands and a pool of 100. Each request is admitted,
 * bound to its endpoint, reports its first token and ends.
 *
 * <p>An engine keeps idle flows for minutes. So each engine serves for a tenth of a second and is
 * then replaced, by when it has about as many flows as upstream's benchmark makes.
 */
final class FullPathBench implements Bench {
  private static final int CALLERS = 100;
  private static final int LIMIT = 100;
  private static final int PRIORITIES = 4;
  private static final int BYTES = 512;
  private static final int TOKENS = 50;
  private static final long ENGINE_MILLIS = 100;
  private static final Usage FIRST_TOKEN = Usage.of(TOKENS, 1);
  private static final Usage USAGE = Usage.of(TOKENS, 100);

  @Override
  public String name() {
    return "full-path";
  }

  @Override
  public List<Result> run(Scale scale) throws InterruptedException {
    for (var i = 0; i < scale.warmUpMillis() / ENGINE_MILLIS; i++) {
      ofOneEngine();
    }
    var engines = new ArrayList<Reading>();
    for (var i = 0; i < scale.windows() * scale.windowMillis() / ENGINE_MILLIS; i++) {
      engines.add(ofOneEngine());
    }
    Map<String, Object> params = new LinkedHashMap<>();
    params.put("priorities", PRIORITIES);
    params.put("callers", CALLERS);
    return List.of(Reading.median(engines).result(name(), params, Map.of()));
  }

  private static Reading ofOneEngine() throws InterruptedException {
    var last = new AtomicLong();
    try (var controller = Engines.withRoomFor(LIMIT);
        var callers =
            Callers.start(CALLERS, number -> () -> wholeWay(controller, last.incrementAndGet()))) {
      return callers.window(ENGINE_MILLIS);
    }
  }

  private static void wholeWay(FlowController controller, long number) throws InterruptedException {
    var id = "req-" + number;
    var request =
        FlowControlRequest.builder(id, new FlowKey(id, (int) (number % PRIORITIES)))
            .sizeBytes(BYTES)
            .inputTokens(TOKENS)
            .build();
    var permit = Engines.permit(controller.enqueueAndWait(request));
    permit.bind(Engines.ENDPOINT);
    permit.progress(FIRST_TOKEN);
    permit.complete(USAGE);
  }
}
