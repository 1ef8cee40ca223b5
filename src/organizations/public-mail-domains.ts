/**
 * Domains in which anyone can have an address: a short list of the large ones (decisions/0017-which-connection.md). The proof by
 * DNS keeps a domain from the wrong organization; this list keeps an operator from marking one as proven by mistake.
 */
const names: ReadonlySet<string> = new Set(
  `
  126.com 139.com 163.com 188.com aim.com aol.com bellsouth.net bigpond.com bk.ru bluewin.ch bol.com.br btinternet.com centurylink.net
  charter.net comcast.net cox.net daum.net docomo.ne.jp duck.com earthlink.net email.com ezweb.ne.jp fastmail.com fastmail.fm foxmail.com
  free.fr freenet.de frontier.com gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hanmail.net hey.com hushmail.com
  i.softbank.jp icloud.com ig.com.br inbox.com inbox.lv inbox.ru juno.com kakao.com laposte.net libero.it list.ru live.com mac.com
  mail.com mail.de mail.ru mailbox.org me.com msn.com nate.com naver.com netzero.net nifty.com ntlworld.com o2.pl onet.pl online.de
  optonline.net optusnet.com.au orange.fr passport.com pm.me posteo.de proton.me protonmail.ch protonmail.com qq.com rambler.ru rediffmail.com
  rocketmail.com rogers.com sapo.pt sbcglobal.net seznam.cz sfr.fr shaw.ca sina.cn sina.com sky.com skynet.be softbank.ne.jp sohu.com
  sympatico.ca t-online.de talktalk.net telenet.be telus.net terra.com.br tiscali.it tuta.com tuta.io tutanota.com uol.com.br verizon.net
  videotron.ca virgilio.it virginmedia.com wanadoo.fr web.de windowslive.com windstream.net wp.pl xs4all.nl xtra.co.nz yahoo.com yandex.com
  yandex.ru yeah.net ymail.com zoho.com zohomail.com ziggo.nl
  onmicrosoft.com onmicrosoft.us partner.onmschina.cn
  `
    .trim()
    .split(/\s+/),
)
/** Providers that have a domain in many countries. */
const families = /^(?:gmx|hotmail|live|outlook|yahoo|yandex)\.(?:[a-z]{2}|com?\.[a-z]{2}|com)$/

/** Returns whether the domain is a public one. The name has to be a result of `parseDomainName`. */
export function isPublicDomain(name: string): boolean {
  return names.has(name) || families.test(name)
}
