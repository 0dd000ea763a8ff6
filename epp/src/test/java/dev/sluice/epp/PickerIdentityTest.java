package dev.sluice.epp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.serving.identity.IdentityOptions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The flow of a request by its headers. */
final class PickerIdentityTest {
  private final PickerUnderTest picker =
      new PickerUnderTest(
          1,
          PickerOptions.DEFAULT.withIdentity(
              new IdentityOptions(
                  List.of(),
                  Map.of("my-model", 2, "old", 1),
                  true,
                  IdentityOptions.TENANT_HEADERS,
                  false)));

  @AfterEach
  void stop() throws InterruptedException {
    picker.close();
  }

  private FlowKey flow(String... headers) throws InterruptedException {
    var before = picker.dispatched.size();
    var proxy = picker.open().headers(headers).body(PickerUnderTest.completion("x"), true);
    assertThat(proxy.next().hasRequestHeaders()).isTrue();
    proxy.cancel();
    await().until(() -> picker.dispatched.size() > before);
    return picker.dispatched.getLast().flow();
  }

  @Test
  @DisplayName("T01 an objective gives any tenant its priority")
  void takesThePriorityOfTheObjective() throws InterruptedException {
    assertThat(
            flow("x-llm-d-inference-objective", "my-model", "x-llm-d-inference-fairness-id", "a"))
        .isEqualTo(new FlowKey("a", 2));
    assertThat(flow("x-gateway-inference-objective", "old"))
        .isEqualTo(new FlowKey("default-flow", 1));
  }

  @Test
  @DisplayName("T07 an unknown objective counts as none")
  void ignoresUnknownObjectives() throws InterruptedException {
    assertThat(flow("x-llm-d-inference-objective", "direct-model"))
        .isEqualTo(new FlowKey("default-flow", 0));
  }

  @Test
  @DisplayName("T23 the present name of a header wins over its older one, in any case")
  void prefersThePresentNames() throws InterruptedException {
    assertThat(
            flow(
                "x-gateway-inference-objective",
                "old",
                "X-LLM-D-Inference-Objective",
                "my-model",
                "x-gateway-inference-fairness-id",
                "b",
                "x-llm-d-inference-fairness-id",
                "a"))
        .isEqualTo(new FlowKey("a", 2));
  }
}
