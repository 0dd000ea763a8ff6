package dev.sluice.serving.route;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.inference.ApiKind;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which paths are proxied, and which of them are read. */
final class RoutesTest {
  private static Route find(Routes routes, String method, String target) {
    return routes.find(method, target, name -> List.of());
  }

  private static int refusal(Route route) {
    assertThat(route).isInstanceOf(Route.Refused.class);
    return ((Route.Refused) route).error().status();
  }

  @ParameterizedTest
  @EnumSource(ApiKind.class)
  void readsEveryPathOfEveryOperationHoweverItIsSpelled(ApiKind kind) {
    for (var path : kind.paths()) {
      assertThat(find(Routes.DEFAULT, "POST", path)).isEqualTo(new Route.Read(path, kind, ""));
      assertThat(find(Routes.DEFAULT, "POST", "/." + path + "/?a=b"))
          .isEqualTo(new Route.Read(path + "?a=b", kind, ""));
      assertThat(refusal(find(Routes.DEFAULT, "GET", path))).isEqualTo(405);
    }
  }

  /** The paths by which vLLM, SGLang, TGI and llama.cpp are managed. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/sleep",
        "/wake_up",
        "/is_sleeping",
        "/pause",
        "/resume",
        "/collective_rpc",
        "/reset_prefix_cache",
        "/v1/load_lora_adapter",
        "/v1/unload_lora_adapter",
        "/load_lora_adapter",
        "/start_profile",
        "/stop_profile",
        "/scale_elastic_ep",
        "/update_weights",
        "/update_weights_from_disk",
        "/init_weights_update_group",
        "/get_weights_by_name",
        "/release_memory_occupation",
        "/flush_cache",
        "/abort_request",
        "/pause_generation",
        "/set_internal_state",
        "/get_server_info",
        "/server_info",
        "/configure_logging",
        "/freeze_gc",
        "/open_session",
        "/slots/0",
        "/props",
        "/lora-adapters",
        "/models/load",
        "/models/unload",
        "/metrics",
        "/load",
        "/docs",
        "/openapi.json",
        "/info",
        "/v1/files",
        "/nothing"
      })
  void refusesEveryOtherPath(String path) {
    for (var method : new String[] {"GET", "POST", "PUT", "DELETE"}) {
      assertThat(refusal(find(Routes.DEFAULT, method, path))).isEqualTo(404);
      assertThat(refusal(find(Routes.DEFAULT, method, "/v1/chat/completions/../../.." + path)))
          .isEqualTo(404);
    }
  }

  @Test
  void showsWhatAServerSaysOfItself() {
    for (var path : new String[] {"/version"}) {
      assertThat(find(Routes.DEFAULT, "GET", path)).isEqualTo(new Route.Unread(path));
      assertThat(refusal(find(Routes.DEFAULT, "POST", path))).isEqualTo(405);
    }
    assertThat(find(Routes.DEFAULT, "GET", "/v1//models/"))
        .isEqualTo(new Route.ShowModels("/v1/models"));
    assertThat(find(Routes.DEFAULT, "GET", "/v1/models/a/b"))
        .isEqualTo(new Route.ShowModels("/v1/models/a/b"));
    assertThat(refusal(find(Routes.DEFAULT, "POST", "/v1/models"))).isEqualTo(404);
  }

  @Test
  void refusesATargetThatIsNone() {
    assertThat(refusal(find(Routes.DEFAULT, "POST", "/v1/%zz"))).isEqualTo(400);
    assertThat(refusal(find(Routes.DEFAULT, "OPTIONS", "*"))).isEqualTo(400);
  }

  private static Route findWith(String name, String... values) {
    return Routes.DEFAULT.find(
        "POST", "/v1/completions", asked -> asked.equals(name) ? List.of(values) : List.of());
  }

  @Test
  void refusesACompressedBodyThatItWouldHaveToRead() {
    for (var encoding : new String[] {"gzip", "br", "GZIP", "identity, gzip"}) {
      assertThat(refusal(findWith("content-encoding", encoding))).isEqualTo(415);
      assertThat(refusal(findWith("content-encoding", "identity", encoding))).isEqualTo(415);
    }
    assertThat(findWith("content-encoding", "Identity"))
        .isEqualTo(new Route.Read("/v1/completions", ApiKind.COMPLETIONS, ""));
  }

  @Test
  void takesOneContentTypeOnly() {
    assertThat(findWith("content-type", "application/json"))
        .isEqualTo(new Route.Read("/v1/completions", ApiKind.COMPLETIONS, "application/json"));
    assertThat(refusal(findWith("content-type", "a/b; boundary=x", "a/b; boundary=y")))
        .isEqualTo(400);
  }

  @Test
  void answersAnthropicsClientsInTheirForm() {
    var refused = (Route.Refused) find(Routes.DEFAULT, "GET", "/v1/messages");

    assertThat(new String(refused.error().toJson(), UTF_8)).startsWith("{\"type\":\"error\",");
  }

  @Test
  void followsTheConfiguration() {
    var routes =
        new Routes(
            Map.of(
                "/v1/files/*", "unread",
                "/v1/files/secret/*", "refused",
                "/my/chat", "chat",
                "/score", "refused"));

    assertThat(find(routes, "DELETE", "/v1/files/7?a"))
        .isEqualTo(new Route.Unread("/v1/files/7?a"));
    assertThat(refusal(find(routes, "GET", "/v1/files"))).isEqualTo(404);
    assertThat(refusal(find(routes, "GET", "/v1/files/secret/1"))).isEqualTo(404);
    assertThat(find(routes, "POST", "/my//chat"))
        .isEqualTo(new Route.Read("/my/chat", ApiKind.CHAT_COMPLETIONS, ""));
    assertThat(refusal(find(routes, "POST", "/score"))).isEqualTo(404);
  }

  @Test
  void namesEveryFaultOfTheConfiguration() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Routes(Map.of("v1", "unread")))
        .withMessage("v1: got this path, allowed a path such as /v1/files or /v1/files/*");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Routes(Map.of("/a/../b", "unread")))
        .withMessageContaining("/a/../b: ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Routes(Map.of("/v1/x", "pass")))
        .withMessageStartingWith("/v1/x: got pass, allowed one of [unread, refused, chat, ");
  }
}
