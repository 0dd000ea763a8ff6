package dev.sluice.serving.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.flowcontrol.types.FlowKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The tenant and the flow that a request gets, and the values that it may choose. */
final class IdentityResolverTest {
  // SHA-256 of "secret"
  private static final String SECRET =
      "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
  private static final TenantOptions GOLD =
      new TenantOptions("gold", 10, Set.of(SECRET), Set.of("urgent"), Duration.ofSeconds(9), true);
  private static final TenantOptions PLAIN = TenantOptions.of("plain", -1);
  private static final Map<String, Integer> OBJECTIVES = Map.of("urgent", 20, "other", 30);
  private static final String TENANT = "x-llm-d-inference-fairness-id";
  private static final String OLD_TENANT = "x-gateway-inference-fairness-id";

  private static IdentityResolver resolver(boolean trust, boolean requireKey) {
    return new IdentityResolver(
        new IdentityOptions(
            List.of(GOLD, PLAIN), OBJECTIVES, trust, IdentityOptions.TENANT_HEADERS, requireKey));
  }

  private static Identity resolve(IdentityResolver resolver, String... headers) {
    var given = new HashMap<String, List<String>>();
    for (var i = 0; i < headers.length; i += 2) {
      given
          .computeIfAbsent(headers[i].toLowerCase(Locale.ROOT), name -> new ArrayList<>())
          .add(headers[i + 1]);
    }
    return resolver.resolve(name -> given.getOrDefault(name, List.of()));
  }

  private static Identity.Known known(Identity identity) {
    assertThat(identity).isInstanceOf(Identity.Known.class);
    return (Identity.Known) identity;
  }

  private static int refusal(Identity identity) {
    assertThat(identity).isInstanceOf(Identity.Refused.class);
    return ((Identity.Refused) identity).error().status();
  }

  @Test
  void knowsATenantByItsKeyWhateverItsHeaderSays() {
    var identity =
        known(resolve(resolver(true, false), "authorization", "Bearer secret", TENANT, "plain"));

    assertThat(identity.tenant()).isEqualTo("gold");
    assertThat(identity.flow()).isEqualTo(new FlowKey("gold", 10));
    assertThat(identity.byKey()).isTrue();
    assertThat(identity.timeToLive()).isEqualTo(Duration.ofSeconds(9));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bearer secret", "bearer secret", "BEARER  secret "})
  void readsTheSchemeInAnyCase(String authorization) {
    var identity = known(resolve(resolver(false, true), "authorization", authorization));

    assertThat(identity.tenant()).isEqualTo("gold");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bearer wrong", "Bearer Secret", "Bearer " + SECRET})
  void refusesAnUnknownKeyEvenIfNoneIsRequired(String authorization) {
    assertThat(refusal(resolve(resolver(true, false), "authorization", authorization)))
        .isEqualTo(401);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Basic c2VjcmV0", "secret", "Bearer", "Bearer "})
  void refusesARequestWithoutAKeyIfOneIsRequired(String authorization) {
    assertThat(refusal(resolve(resolver(true, true), "authorization", authorization, TENANT, "x")))
        .isEqualTo(401);
  }

  /** A client that left its key out was the default flow, and passed the batch tenant. */
  @Test
  void asksForAKeyIfAnyTenantHasOne() {
    assertThat(refusal(resolve(resolver(false, false)))).isEqualTo(401);
    assertThat(refusal(resolve(resolver(true, false)))).isEqualTo(401);
    assertThat(refusal(resolve(resolver(true, false), TENANT, " "))).isEqualTo(401);
  }

  @Test
  void takesARequestWithoutAKeyForTheAnonymousTenantIfOneIsNamed() {
    var anonymous = anonymous(List.of(GOLD, PLAIN), "plain");

    assertThat(known(resolve(anonymous)).flow()).isEqualTo(new FlowKey("plain", -1));
    assertThat(known(resolve(anonymous, "authorization", "Bearer secret")).tenant())
        .isEqualTo("gold");
    assertThat(refusal(resolve(anonymous, "authorization", "Bearer wrong"))).isEqualTo(401);
    assertThat(known(resolve(anonymous(List.of(), "guests"))).flow())
        .isEqualTo(new FlowKey("guests", 0));
  }

  private static IdentityResolver anonymous(List<TenantOptions> tenants, String tenant) {
    return new IdentityResolver(
        new IdentityOptions(
            tenants, OBJECTIVES, false, IdentityOptions.TENANT_HEADERS, false, tenant));
  }

  @ParameterizedTest
  @ValueSource(strings = {"api-key", "x-api-key", "X-Api-Key"})
  void readsTheKeyWhereverClientsSendIt(String header) {
    for (var anonymous :
        List.of(resolver(false, false), anonymous(List.of(GOLD, PLAIN), "plain"))) {
      var identity = known(resolve(anonymous, header, " secret "));
      assertThat(identity.tenant()).isEqualTo("gold");
      assertThat(identity.byKey()).isTrue();
      assertThat(refusal(resolve(anonymous, header, "wrong"))).isEqualTo(401);
    }
  }

  @Test
  void refusesWhatIsNotOneKeyEvenIfNoneIsRequired() {
    var anonymous = anonymous(List.of(GOLD, PLAIN), "plain");
    var bearer = "Bearer secret";

    for (var odd :
        List.of(
            new String[] {"authorization", bearer, "authorization", bearer},
            new String[] {"authorization", bearer, "authorization", "Bearer other"},
            new String[] {"authorization", bearer, "x-api-key", "secret"},
            new String[] {"authorization", "", "x-api-key", "secret"},
            new String[] {"api-key", "secret", "x-api-key", "secret"},
            new String[] {"x-api-key", "secret", "x-api-key", "secret"},
            new String[] {"authorization", ""},
            new String[] {"authorization", " "},
            new String[] {"authorization", "Bearer "},
            new String[] {"authorization", "Basic c2VjcmV0"},
            new String[] {"api-key", ""},
            new String[] {"x-api-key", " "})) {
      assertThat(refusal(resolve(anonymous, odd))).as(List.of(odd).toString()).isEqualTo(401);
    }
  }

  @Test
  void believesAHeaderOnlyWhereItIsTrusted() {
    assertThat(known(resolve(resolver(true, false), TENANT, " plain ")).flow())
        .isEqualTo(new FlowKey("plain", -1));
    assertThat(known(resolve(resolver(true, false), TENANT, " plain ")).byKey()).isFalse();
    assertThat(refusal(resolve(resolver(false, false), TENANT, "plain"))).isEqualTo(401);
  }

  @Test
  void takesTheFirstTenantHeaderThatSaysSomething() {
    assertThat(known(resolve(resolver(true, false), TENANT, " ", OLD_TENANT, "b")).tenant())
        .isEqualTo("b");
    assertThat(known(resolve(resolver(true, false), OLD_TENANT, "b", TENANT, "a")).tenant())
        .isEqualTo("a");
  }

  @Test
  void givesAnUnknownTenantAFlowOfItsOwnAndNoRights() {
    var identity =
        known(resolve(resolver(true, false), TENANT, "new", "x-llm-d-inference-ttl", "1s"));

    assertThat(identity.flow()).isEqualTo(new FlowKey("new", 0));
    assertThat(identity.timeToLive()).isEqualTo(TenantOptions.BAND_TTL);
  }

  @Test
  void refusesATenantNameOfAbsurdLength() {
    var longest = "x".repeat(256);

    assertThat(known(resolve(resolver(true, false), TENANT, longest)).tenant()).isEqualTo(longest);
    assertThat(refusal(resolve(resolver(true, false), TENANT, longest + "x"))).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource({"urgent, 20", "other, 400", "unknown, 400"})
  void letsATenantNameItsOwnObjectivesOnly(String objective, int priorityOrStatus) {
    for (var header : List.of("x-llm-d-inference-objective", "x-gateway-inference-objective")) {
      var identity =
          resolve(resolver(false, false), "authorization", "Bearer secret", header, objective);
      if (priorityOrStatus == 400) {
        assertThat(refusal(identity)).isEqualTo(400);
      } else {
        assertThat(known(identity).flow().priority()).isEqualTo(priorityOrStatus);
      }
    }
    var plain =
        resolve(resolver(true, false), TENANT, "plain", "x-llm-d-inference-objective", objective);
    assertThat(refusal(plain)).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource({
    "250ms, PT0.25S",
    "7s, PT7S",
    "2m, PT2M",
    "3h, PT3H",
    "8760h, PT8760H",
    "' 1s ', PT1S",
    "0s, PT0S"
  })
  void readsATimeToLiveWithItsUnit(String header, Duration expected) {
    var identity =
        resolve(
            resolver(false, false),
            "authorization",
            "Bearer secret",
            "x-llm-d-inference-ttl",
            header);

    assertThat(known(identity).timeToLive()).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "5", "-1s", "1.5s", "1d", "1 s", "8761h", "999999999h", "9999999999s"})
  void refusesATimeToLiveThatIsNone(String header) {
    var identity =
        resolve(
            resolver(false, false),
            "authorization",
            "Bearer secret",
            "x-llm-d-inference-ttl",
            header);

    assertThat(refusal(identity)).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource({
    "250, 250",
    "' 7 ', 7",
    "0, 0",
    "-1, none",
    "soon, none",
    "1.5, none",
    "'', none",
    "9999999999999, none"
  })
  void countsAnSloThatCannotBeReadAsNotGiven(String header, String millis) {
    for (var name : List.of("x-llm-d-slo-ttft-ms", "x-slo-ttft-ms")) {
      var slo = known(resolve(resolver(true, false), TENANT, "plain", name, header)).sloTarget();
      if (millis.equals("none")) {
        assertThat(slo.isNegative()).isTrue();
      } else {
        assertThat(slo).isEqualTo(Duration.ofMillis(Long.parseLong(millis)));
      }
    }
  }

  @Test
  void asksForNoKeyIfNoTenantHasOne() {
    var resolver = new IdentityResolver(IdentityOptions.DEFAULT);

    var identity = known(resolve(resolver, "authorization", "Bearer for-the-endpoint"));

    assertThat(identity.tenant()).isEqualTo("default-flow");
    assertThat(identity.byKey()).isFalse();
  }

  @Test
  void refusesOptionsThatContradictThemselves() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options(PLAIN, TenantOptions.of("plain", 3)))
        .withMessage("tenant plain is listed twice");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options(GOLD, keyed("silver")))
        .withMessageContaining("tenant silver: a key with digest " + SECRET + " is listed twice");
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new IdentityOptions(
                List.of(GOLD), Map.of(), false, IdentityOptions.TENANT_HEADERS, false))
        .withMessageContaining("objective urgent is not defined");
    assertThatIllegalArgumentException().isThrownBy(() -> TenantOptions.of(" ", 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new TenantOptions("t", 0, Set.of("secret"), Set.of(), TenantOptions.BAND_TTL, false))
        .withMessageContaining("got secret, allowed 64 digits");
  }

  private static TenantOptions keyed(String id) {
    return new TenantOptions(id, 0, Set.of(SECRET), Set.of(), TenantOptions.BAND_TTL, false);
  }

  private static IdentityOptions options(TenantOptions... tenants) {
    return new IdentityOptions(
        List.of(tenants), OBJECTIVES, false, IdentityOptions.TENANT_HEADERS, false);
  }
}
