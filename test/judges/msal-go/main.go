// MSAL for Go signs in at the emulator in every way it has.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

const (
	publicClient = "66666666-6666-4666-8666-666666666666"
	apiClient    = "88888888-8888-4888-8888-888888888888"
	apiSecret    = "development~only.API-secret"
	redirectURI  = "http://localhost:8400/callback"
	alice        = "aaaaaaaa-0000-4000-8000-000000000001"
	bob          = "aaaaaaaa-0000-4000-8000-000000000002"
)

var (
	origin    = os.Getenv("AZURE_AUTHORITY_HOST")
	authority = origin + "/" + os.Getenv("AZURE_TENANT_ID")
	webClient = os.Getenv("AZURE_CLIENT_ID")
	apiScope  = []string{"api://" + apiClient + "/access_as_user"}
	userRead  = []string{"https://graph.microsoft.com/User.Read"}
	ctx       = context.Background()
)

func main() {
	results := map[string]string{}
	web := newConfidential(webClient, os.Getenv("AZURE_CLIENT_SECRET"))
	signedIn := redeem(web, webClient, userRead)
	results["code"] = signedIn.IDToken.PreferredUsername

	// The cache has no token for the API, so the refresh token is redeemed.
	forAPI := must(web.AcquireTokenSilent(ctx, apiScope, confidential.WithSilentAccount(signedIn.Account)))
	results["refresh"] = forAPI.IDToken.PreferredUsername

	service := must(web.AcquireTokenByCredential(ctx, []string{"https://graph.microsoft.com/.default"}))
	results["clientCredentials"] = graph("/users/alice@contoso.example", service.AccessToken)

	api := newConfidential(apiClient, apiSecret)
	onBehalf := must(api.AcquireTokenOnBehalfOf(ctx, forAPI.AccessToken, userRead))
	results["onBehalfOf"] = graph("/me", onBehalf.AccessToken)

	native := must(public.New(publicClient, public.WithAuthority(authority), public.WithInstanceDiscovery(false)))
	authorization := must(native.AuthCodeURL(ctx, publicClient, redirectURI, userRead))
	byCode := must(native.AcquireTokenByAuthCode(ctx, pickAccount(authorization), redirectURI, userRead))
	results["publicCode"] = byCode.IDToken.PreferredUsername
	refreshed := must(native.AcquireTokenSilent(ctx, apiScope, public.WithSilentAccount(byCode.Account)))
	results["publicRefresh"] = refreshed.IDToken.PreferredUsername

	device := must(native.AcquireTokenByDeviceCode(ctx, userRead))
	approve(device.Result.VerificationURL, device.Result.UserCode)
	results["deviceCode"] = must(device.AuthenticationResult(ctx)).IDToken.PreferredUsername

	fmt.Println(string(must(json.Marshal(results))))
}

func newConfidential(clientID, secret string) confidential.Client {
	credential := must(confidential.NewCredFromSecret(secret))
	return must(confidential.New(authority, clientID, credential, confidential.WithInstanceDiscovery(false)))
}

func redeem(client confidential.Client, clientID string, scopes []string) confidential.AuthResult {
	authorization := must(client.AuthCodeURL(ctx, clientID, redirectURI, scopes))
	return must(client.AcquireTokenByAuthCode(ctx, pickAccount(authorization), redirectURI, scopes))
}

// pickAccount does what a user does at the emulator's page, and returns the code of the redirect.
func pickAccount(authorization string) string {
	address := must(url.Parse(authorization))
	query := address.RawQuery
	address.Path += "/choose"
	address.RawQuery = ""
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response := must(browser.PostForm(address.String(), url.Values{"request": {query}, "account": {alice}}))
	return must(url.Parse(response.Header.Get("Location"))).Query().Get("code")
}

func approve(page, userCode string) {
	response := must(http.PostForm(page, url.Values{"otc": {userCode}, "account": {bob}}))
	if response.StatusCode != http.StatusOK {
		panic(response.Status)
	}
}

func graph(path, accessToken string) string {
	request := must(http.NewRequest(http.MethodGet, origin+"/graph/v1.0"+path, nil))
	request.Header.Set("Authorization", "Bearer "+accessToken)
	response := must(http.DefaultClient.Do(request))
	person := struct {
		DisplayName string `json:"displayName"`
	}{}
	if err := json.NewDecoder(response.Body).Decode(&person); err != nil {
		panic(err)
	}
	return person.DisplayName
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
