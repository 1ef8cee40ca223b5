import com.microsoft.aad.msal4j.AuthorizationCodeParameters;
import com.microsoft.aad.msal4j.AuthorizationRequestUrlParameters;
import com.microsoft.aad.msal4j.ClientCredentialFactory;
import com.microsoft.aad.msal4j.ClientCredentialParameters;
import com.microsoft.aad.msal4j.ConfidentialClientApplication;
import com.microsoft.aad.msal4j.DeviceCode;
import com.microsoft.aad.msal4j.DeviceCodeFlowParameters;
import com.microsoft.aad.msal4j.IAuthenticationResult;
import com.microsoft.aad.msal4j.OnBehalfOfParameters;
import com.microsoft.aad.msal4j.PublicClientApplication;
import com.microsoft.aad.msal4j.SilentParameters;
import com.microsoft.aad.msal4j.UserAssertion;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** MSAL4J signs in at the emulator in every way it has. */
public final class Judge {
  private static final String ORIGIN = System.getenv("AZURE_AUTHORITY_HOST");
  private static final String AUTHORITY = ORIGIN + "/" + System.getenv("AZURE_TENANT_ID");
  private static final String WEB_CLIENT = System.getenv("AZURE_CLIENT_ID");
  private static final String WEB_SECRET = System.getenv("AZURE_CLIENT_SECRET");
  private static final String PUBLIC_CLIENT = "66666666-6666-4666-8666-666666666666";
  private static final String API_CLIENT = "88888888-8888-4888-8888-888888888888";
  private static final String API_SECRET = "development~only.API-secret";
  private static final String ALICE = "aaaaaaaa-0000-4000-8000-000000000001";
  private static final String BOB = "aaaaaaaa-0000-4000-8000-000000000002";
  private static final URI REDIRECT_URI = URI.create("http://localhost:8400/callback");
  private static final Set<String> USER_READ = Set.of("https://graph.microsoft.com/User.Read");
  private static final Set<String> API_SCOPE = Set.of("api://" + API_CLIENT + "/access_as_user");
  private static final HttpClient BROWSER = HttpClient.newHttpClient();

  public static void main(String[] arguments) throws Exception {
    Map<String, String> results = new TreeMap<>();
    ConfidentialClientApplication web = confidential(WEB_CLIENT, WEB_SECRET);
    IAuthenticationResult signedIn = web.acquireToken(byCode(web, USER_READ)).get();
    results.put("code", signedIn.account().username());
    if (arguments.length > 0 && arguments[0].equals("refresh")) {
      results.put("refresh", web.acquireTokenSilently(again(signedIn)).get().account().username());
    }

    Set<String> graphDefault = Set.of("https://graph.microsoft.com/.default");
    String service = web.acquireToken(ClientCredentialParameters.builder(graphDefault).build()).get().accessToken();
    results.put("clientCredentials", graph("/users/alice@contoso.example", service));

    String forApi = web.acquireToken(byCode(web, API_SCOPE)).get().accessToken();
    OnBehalfOfParameters onBehalf = OnBehalfOfParameters.builder(USER_READ, new UserAssertion(forApi)).build();
    String forGraph = confidential(API_CLIENT, API_SECRET).acquireToken(onBehalf).get().accessToken();
    results.put("onBehalfOf", graph("/me", forGraph));

    PublicClientApplication open = PublicClientApplication.builder(PUBLIC_CLIENT)
        .authority(AUTHORITY).instanceDiscovery(false).validateAuthority(false).build();
    DeviceCodeFlowParameters device =
        DeviceCodeFlowParameters.builder(USER_READ, Judge::approve).build();
    results.put("deviceCode", open.acquireToken(device).get().account().username());

    System.out.println(results.entrySet().stream()
        .map(result -> "\"" + result.getKey() + "\": \"" + result.getValue() + "\"")
        .collect(Collectors.joining(", ", "{", "}")));
  }

  private static ConfidentialClientApplication confidential(String clientId, String secret) throws Exception {
    return ConfidentialClientApplication.builder(clientId, ClientCredentialFactory.createFromSecret(secret))
        .authority(AUTHORITY).instanceDiscovery(false).validateAuthority(false).build();
  }

  private static AuthorizationCodeParameters byCode(ConfidentialClientApplication client, Set<String> scopes)
      throws Exception {
    AuthorizationRequestUrlParameters parameters =
        AuthorizationRequestUrlParameters.builder(REDIRECT_URI.toString(), scopes)
            .build();
    String code = pickAccount(client.getAuthorizationRequestUrl(parameters).toURI());
    return AuthorizationCodeParameters.builder(code, REDIRECT_URI).scopes(scopes).build();
  }

  private static SilentParameters again(IAuthenticationResult signedIn) {
    return SilentParameters.builder(USER_READ, signedIn.account()).forceRefresh(true).build();
  }

  /** Does what a user does at the emulator's page, and returns the code of the form that posts itself. */
  private static String pickAccount(URI authorization) throws Exception {
    URI choose = URI.create(ORIGIN + authorization.getPath() + "/choose");
    String page = post(choose, Map.of("request", authorization.getRawQuery(), "account", ALICE)).body();
    Matcher code = Pattern.compile("name=\"code\" value=\"([^\"]+)\"").matcher(page);
    if (!code.find()) throw new IllegalStateException(page);
    return code.group(1);
  }

  private static void approve(DeviceCode device) {
    try {
      int status = post(URI.create(device.verificationUri()), Map.of("otc", device.userCode(), "account", BOB)).statusCode();
      if (status != 200) throw new IllegalStateException("The page answered " + status);
    } catch (Exception failure) {
      throw new IllegalStateException(failure);
    }
  }

  private static String graph(String path, String accessToken) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(ORIGIN + "/graph/v1.0" + path))
        .header("Authorization", "Bearer " + accessToken).build();
    String person = BROWSER.send(request, HttpResponse.BodyHandlers.ofString()).body();
    return person.replaceAll(".*\"userPrincipalName\":\"([^\"]*)\".*", "$1");
  }

  private static HttpResponse<String> post(URI address, Map<String, String> form) throws Exception {
    String body = form.entrySet().stream()
        .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
        .collect(Collectors.joining("&"));
    HttpRequest request = HttpRequest.newBuilder(address)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(HttpRequest.BodyPublishers.ofString(body)).build();
    return BROWSER.send(request, HttpResponse.BodyHandlers.ofString());
  }
}
