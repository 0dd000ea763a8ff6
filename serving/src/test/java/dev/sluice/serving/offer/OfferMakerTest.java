package dev.sluice.serving.offer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.inference.ApiKind;
import dev.sluice.inference.BodySplice;
import dev.sluice.serving.identity.Identity;
import dev.sluice.serving.route.Route;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The description of a request that flow control gets. */
final class OfferMakerTest {
  private static final Duration NONE = Duration.ofNanos(-1);
  private static final FlowKey FLOW = new FlowKey("gold", 5);
  private static final long TOKENS = 77;

  private static final Route.Proxied UNREAD = new Route.Unread("/x");

  private final OfferMaker asking =
      new OfferMaker(scan -> TOKENS, "m"::equals, OfferMakerTest::several, true);
  private final OfferMaker silent =
      new OfferMaker(scan -> TOKENS, "m"::equals, OfferMakerTest::several, false);

  private static List<ServedModel> several() {
    return List.of(model("m", ""), model("n", ""), model("lora", "m"));
  }

  private static Identity.Known identity(Duration timeToLive, Duration sloTarget) {
    return new Identity.Known("gold", FLOW, timeToLive, sloTarget, false);
  }

  private static ServedModel model(String id, String parent) {
    return new ServedModel(id, 0, "", parent);
  }

  private static Route.Proxied read(ApiKind kind) {
    return new Route.Read("/x", kind, "");
  }

  private static String chat(String model, String more) {
    return "{\"model\":\"" + model + "\",\"messages\":[]" + more + "}";
  }

  private static Offer make(OfferMaker maker, Route.Proxied route, String body) {
    return maker.make(
        "r1", identity(NONE, NONE), route, List.of(ByteBuffer.wrap(body.getBytes(UTF_8))));
  }

  private static Offer.Ready chatOffer(OfferMaker maker, String more) {
    return (Offer.Ready) make(maker, read(ApiKind.CHAT_COMPLETIONS), chat("m", more));
  }

  private static FlowControlRequest ofIdentity(Identity.Known identity) {
    var maker = new OfferMaker(scan -> TOKENS, model -> true, List::of, false);
    return ((Offer.Ready) maker.make("r1", identity, UNREAD, List.of())).request();
  }

  @Test
  void offersTheFlowAndTheTenantOfTheIdentity() {
    var request = ofIdentity(identity(NONE, NONE));

    assertThat(request.id()).isEqualTo("r1");
    assertThat(request.flow()).isEqualTo(FLOW);
    assertThat(request.tenant()).isEqualTo("gold");
  }

  @Test
  void leavesTimesOpenThatTheIdentityDoesNotGive() {
    var request = ofIdentity(identity(NONE, NONE));

    assertThat(request.timeToLive()).isEmpty();
    assertThat(request.sloNanos()).isEqualTo(FlowControlRequest.UNSET);
  }

  @Test
  void offersTheTimesThatTheIdentityGives() {
    var request = ofIdentity(identity(Duration.ZERO, Duration.ofMillis(3)));

    assertThat(request.timeToLive()).contains(Duration.ZERO);
    assertThat(request.sloNanos()).isEqualTo(3_000_000);
  }

  @Test
  void offersAnUnreadBodyByItsSizeAlone() {
    var offer = (Offer.Ready) make(asking, UNREAD, "not json");

    assertThat(offer.inference()).isFalse();
    assertThat(offer.request().sizeBytes()).isEqualTo(8);
    assertThat(offer.request().inputTokens()).isZero();
    assertThat(offer.request().eligibility()).isEqualTo(Eligibility.ANY);
    assertThat(offer.usageSplice()).isEqualTo(BodySplice.NONE);
  }

  @Test
  void offersTheModelAndTheTokensOfAnInferenceRequest() {
    var offer = chatOffer(asking, ",\"max_tokens\":9");

    assertThat(offer.inference()).isTrue();
    assertThat(offer.request().eligibility()).isEqualTo(Eligibility.ofModel("m"));
    assertThat(offer.request().inputTokens()).isEqualTo(TOKENS);
    assertThat(offer.request().maxOutputTokens()).isEqualTo(9);
  }

  @Test
  void leavesTheOutputOpenIfTheClientSetNoLimit() {
    assertThat(chatOffer(asking, "").request().maxOutputTokens())
        .isEqualTo(FlowControlRequest.UNSET);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          true  | ,"stream":true                                          | true
          true  | ,"stream":false                                         | false
          true  | ,"stream":true,"stream_options":{"include_usage":true}  | false
          false | ,"stream":true                                          | false
          """)
  void asksForTheUsageOfAStreamIfTheClientDidNot(boolean asks, String more, boolean spliced) {
    var offer = chatOffer(asks ? asking : silent, more);

    assertThat(!offer.usageSplice().isNone()).isEqualTo(spliced);
  }

  @Test
  void offersTheSizeThatTheBodyHasWhenItIsSent() {
    var more = ",\"stream\":true";

    var offer = chatOffer(asking, more);

    assertThat(offer.usageSplice().growth()).isPositive();
    assertThat(offer.request().sizeBytes())
        .isEqualTo(chat("m", more).length() + offer.usageSplice().growth());
  }

  @ParameterizedTest
  @CsvSource({"x, 404", "'', 400"})
  void refusesAModelThatIsUnknownOrMissing(String model, int status) {
    var offer = make(asking, read(ApiKind.CHAT_COMPLETIONS), chat(model, ""));

    assertThat(((Offer.Refused) offer).refusal().error().status()).isEqualTo(status);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\"model\":null,", "\"model\":\"\","})
  void takesTheModelOfAPoolThatHasOneIfTheClientNamesNone(String model) {
    var one = List.of(model("m", ""), model("lora", "m"));
    var body = "{" + model + "\"messages\":[]}";

    for (var pool : List.of(one, List.<ServedModel>of())) {
      var maker = new OfferMaker(scan -> TOKENS, "m"::equals, () -> pool, true);
      var offer = (Offer.Ready) make(maker, read(ApiKind.CHAT_COMPLETIONS), body);
      assertThat(offer.request().eligibility())
          .isEqualTo(pool.isEmpty() ? Eligibility.ANY : Eligibility.ofModel("m"));
      assertThat(offer.request().inputTokens()).isEqualTo(TOKENS);
    }
  }

  @Test
  void expectsNoOutputOfAnOperationThatGeneratesNothing() {
    var body = "{\"model\":\"m\",\"query\":\"q\",\"documents\":[]}";

    var offer = (Offer.Ready) make(asking, read(ApiKind.RERANK), body);

    assertThat(offer.inference()).isTrue();
    assertThat(offer.request().eligibility()).isEqualTo(Eligibility.ofModel("m"));
    assertThat(offer.request().maxOutputTokens()).isZero();
  }

  @Test
  void refusesABodyThatIsNotJson() {
    var offer = make(asking, read(ApiKind.CHAT_COMPLETIONS), "hello");

    assertThat(((Offer.Refused) offer).refusal().error().code()).isEqualTo("invalid_json");
  }

  @Test
  void keepsTheModelIfOnlySomeEndpointsMayServeTheRequest() {
    var offer = chatOffer(silent, "").within(Set.of("a", "b"));

    assertThat(offer.request().eligibility()).isEqualTo(new Eligibility("m", "", Set.of("a", "b")));
    assertThat(offer.request().inputTokens()).isEqualTo(TOKENS);
  }

  @Test
  void rejectsAnOfferToNoEndpoint() {
    var offer = chatOffer(silent, "");

    assertThatIllegalArgumentException().isThrownBy(() -> offer.within(Set.of()));
  }
}
