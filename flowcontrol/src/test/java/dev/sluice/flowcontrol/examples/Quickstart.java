package dev.sluice.flowcontrol.examples;

// begin
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Usage;
import java.util.ArrayList;
import java.util.Map;

/** Twenty callers of two tenants share a model server that runs two requests at a time. */
final class Quickstart {
  public static void main(String[] args) throws InterruptedException {
    var catalog = PluginCatalog.builtIn();
    var twoAtATime =
        catalog.plugin(SaturationDetector.class, "concurrency", Map.of("maxConcurrency", 2));
    var config = FlowControlConfig.builder().detector(twoAtATime).maxRequests(1_000).build();

    try (var flowControl = FlowController.create(config)) {
      flowControl.poolChanged(PoolSnapshot.of("server-1"));
      var callers = new ArrayList<Thread>();
      for (var i = 1; i <= 20; i++) {
        var flow = i % 2 == 0 ? new FlowKey("gold", 10) : new FlowKey("batch", -1);
        var request = FlowControlRequest.builder("request " + i, flow).inputTokens(500).build();
        callers.add(new Thread(() -> call(flowControl, request))); // virtual threads do as well
      }
      callers.forEach(Thread::start);
      for (var caller : callers) {
        caller.join();
      }
    }
  }

  private static void call(FlowController flowControl, FlowControlRequest request) {
    try {
      var admission = flowControl.enqueueAndWait(request);
      if (admission instanceof Admission.Dispatched dispatched) {
        try (var permit = dispatched.permit()) {
          System.out.println(request + " runs after waiting for " + dispatched.waited());
          Thread.sleep(50); // here you call the model server
          permit.complete(Usage.of(500, 120)); // the tokens that it says it used
        }
      } else if (admission instanceof Admission.Rejected refused) {
        System.out.println(request + ": " + refused.detail());
      } else if (admission instanceof Admission.Evicted gone) {
        System.out.println(request + ": " + gone.detail());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // and its place in the queue is free again
    }
  }
}
// end
