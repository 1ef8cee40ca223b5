package judge;

import java.time.Duration;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.AuthorizedClientServiceOAuth2AuthorizedClientManager;
import org.springframework.security.oauth2.client.OAuth2AuthorizeRequest;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClientProviderBuilder;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClientService;
import org.springframework.security.oauth2.client.authentication.OAuth2AuthenticationToken;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** An application of Spring Security that people sign in to, and an API that takes access tokens. */
@SpringBootApplication
public class Judge {
  public static void main(String[] arguments) {
    SpringApplication.run(Judge.class, arguments);
  }

  @Bean
  @Order(1)
  SecurityFilterChain api(HttpSecurity http) throws Exception {
    return http.securityMatcher("/api/**")
        .authorizeHttpRequests(requests -> requests.anyRequest().hasAuthority("SCOPE_access_as_user"))
        .oauth2ResourceServer(server -> server.jwt(Customizer.withDefaults()))
        .build();
  }

  @Bean
  @Order(2)
  SecurityFilterChain pages(HttpSecurity http) throws Exception {
    return http.authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
        .oauth2Login(Customizer.withDefaults())
        .build();
  }

  /** Every access token counts as expired, so that each use of one is a refresh. */
  @Bean
  AuthorizedClientServiceOAuth2AuthorizedClientManager clients(
      ClientRegistrationRepository registrations, OAuth2AuthorizedClientService service) {
    var manager = new AuthorizedClientServiceOAuth2AuthorizedClientManager(registrations, service);
    manager.setAuthorizedClientProvider(OAuth2AuthorizedClientProviderBuilder.builder()
        .refreshToken(refresh -> refresh.clockSkew(Duration.ofHours(2)))
        .clientCredentials()
        .build());
    return manager;
  }

  /** What a user sees, and what a client of the API gets. */
  @RestController
  static class Pages {
    private final OAuth2AuthorizedClientService service;
    private final AuthorizedClientServiceOAuth2AuthorizedClientManager clients;

    Pages(
        OAuth2AuthorizedClientService service,
        AuthorizedClientServiceOAuth2AuthorizedClientManager clients) {
      this.service = service;
      this.clients = clients;
    }

    @GetMapping("/")
    Map<String, Object> me(
        @AuthenticationPrincipal OidcUser user, OAuth2AuthenticationToken authentication) {
      OAuth2AuthorizedClient before =
          service.loadAuthorizedClient("entra", authentication.getName());
      OAuth2AuthorizedClient after = clients.authorize(
          OAuth2AuthorizeRequest.withClientRegistrationId("entra").principal(authentication).build());
      OAuth2AuthorizedClient own = clients.authorize(
          OAuth2AuthorizeRequest.withClientRegistrationId("service").principal("service").build());
      String first = before.getAccessToken().getTokenValue();
      return Map.of(
          "user", user.getPreferredUsername(),
          "email", user.getEmail(),
          "isRefreshed", !first.equals(after.getAccessToken().getTokenValue()),
          "hasOwnToken", !own.getAccessToken().getTokenValue().isEmpty());
    }

    @GetMapping("/api/me")
    Map<String, Object> caller(@AuthenticationPrincipal Jwt accessToken) {
      return Map.of("caller", accessToken.getClaimAsString("preferred_username"));
    }
  }
}
