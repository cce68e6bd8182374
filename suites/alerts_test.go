package suites_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/expectations/alert"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites"
)

func TestAlerts(t *testing.T) {
	changed := func(f func(*alert.Rules)) alert.Rules {
		r := alert.Default()
		f(&r)
		return r
	}
	for name, c := range map[string]struct {
		suite, config string
		want          alert.Rules
	}{
		"nothing": {"version: 1", "version: 1", alert.Default()},
		"thresholds": {
			"alerts: {inconsistency: {warning: 0.5%, critical: 0.02}, duration: {times: 3, at_least: 5m}, rows: {below: 80%}, corrections: {times: 4, at_least: 7}, errors: {above: 2}, lag: {above: 2h}}", "version: 1",
			alert.Rules{
				Inconsistency: alert.Inconsistency{Warning: 0.005, Critical: 0.02}, Duration: alert.Duration{Times: 3, AtLeast: 5 * time.Minute}, Rows: alert.Rows{Below: 0.8},
				Corrections: alert.Corrections{Times: 4, AtLeast: 7}, Errors: alert.Errors{Above: 2}, Lag: alert.Lag{Above: 2 * time.Hour},
			},
		},
		"one off": {"alerts: {rows: off}", "version: 1", changed(func(r *alert.Rules) { r.Rows.Off = true })},
		"rule by rule": {
			"alerts: {rows: {below: 10%}, lag: off}", "alerts: {rows: off, duration: {times: 5}}",
			changed(func(r *alert.Rules) { r.Rows.Below, r.Lag.Off, r.Duration.Times = 0.1, true, 5 }),
		},
		"all off": {"alerts: off", "alerts: {duration: {times: 5}}", changed(func(r *alert.Rules) {
			r.Duration.Times = 5
			r.Inconsistency.Off, r.Duration.Off, r.Rows.Off, r.Corrections.Off, r.Errors.Off, r.Lag.Off = true, true, true, true, true, true
		})},
		"all off but one": {"alerts: {errors: {}}", "alerts: off", changed(func(r *alert.Rules) {
			r.Inconsistency.Off, r.Duration.Off, r.Rows.Off, r.Corrections.Off, r.Lag.Off = true, true, true, true, true
		})},
	} {
		set, list, out := load(t, tree{"s.yaml": c.suite, "assay.yaml": c.config}, suites.Options{Env: env}, "s.yaml")
		if len(list) > 0 {
			t.Errorf("%s: %s", name, out)
		} else if got := set.Suites[0].Alerts; got != c.want {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestNotify(t *testing.T) {
	vars := func(name string) (string, bool) {
		v, ok := map[string]string{"HOOK": "https://hooks.example.com/T0KEN", "KEY": "k", "EMPTY": "", "TO": "b@example.com", "BAD": "T0KEN"}[name]
		return v, ok
	}
	set, list, out := load(t, tree{"s.yaml": `notify:
  on: [alert, recovery]
  webhook: {url: "${HOOK}", secret: "${KEY}"}
  slack: {url: "${HOOK}"}
  email: {server: "mx:587", tls: tls, username: u, password: "${KEY}", from: a@example.com, to: [c@example.com, "${TO}"]}
`, "assay.yaml": "notify: {slack: {url: http://other}}"}, suites.Options{Env: vars}, "s.yaml")
	if len(list) > 0 {
		t.Fatal(out)
	}
	want := spec.Notify{
		On: []string{"alert", "recovery"}, Webhook: &spec.Webhook{URL: "https://hooks.example.com/T0KEN", Secret: "k"}, Slack: &spec.Webhook{URL: "https://hooks.example.com/T0KEN"},
		Email: &spec.Email{Server: "mx:587", TLS: "tls", Username: "u", Password: "k", From: "a@example.com", To: []string{"c@example.com", "b@example.com"}},
	}
	if got := set.Suites[0].Notify; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	set, list, out = load(t, tree{"s.yaml": "version: 1", "assay.yaml": "notify: {slack: {url: http://other}}"}, suites.Options{Env: vars}, "s.yaml")
	if len(list) > 0 || set.Suites[0].Notify.Slack == nil {
		t.Errorf("of the folder: %+v %s", set.Suites, out)
	}
}

// TestAlertsWrong: each is said with its place, and without what is secret.
func TestAlertsWrong(t *testing.T) {
	vars := func(name string) (string, bool) {
		v, ok := map[string]string{"EMPTY": "", "BAD": "T0KEN"}[name]
		return v, ok
	}
	for text, want := range map[string]string{
		"alerts: {inconsistenc: off}":                                               `s.yaml:1:10: error[unknown-key]: alerts has no key "inconsistenc"|did you mean "inconsistency"`,
		"alerts: {rows: {bellow: 10%}}":                                             `s.yaml:1:17: error[unknown-key]: the rows rule has no key "bellow"|did you mean "below"`,
		"alerts: {rows: {below: 120%}}":                                             "s.yaml:1:24: error[bad-value]: below is not a share",
		"alerts: {rows: on}":                                                        "s.yaml:1:16: error[bad-value]: rows is off or a map of keys|rows: off switches it off",
		"alerts: {duration: {times: 0.5}}":                                          "s.yaml:1:28: error[bad-value]: times is a number from 1 on",
		"alerts: {inconsistency: {warning: 5%}}":                                    "s.yaml:1:10: error[bad-value]: a rate warns from 5.0 % on and is critical from 1.0 % on",
		"alerts: {errors: {above: -1}}":                                             "s.yaml:1:26: error[bad-value]: above is a whole number",
		"notify: {slak: {url: T0KEN}}":                                              `s.yaml:1:10: error[unknown-key]: notify has no key "slak"|did you mean "slack"`,
		"notify: {webhook: {url: T0KEN}}":                                           "s.yaml:1:25: error[bad-value]: url of a webhook does not begin with https://host",
		`notify: {webhook: {url: "${BAD}"}}`:                                        "s.yaml:1:25: error[bad-value]: url of a webhook does not begin with https://host",
		`notify: {webhook: {url: "${EMPTY}"}}`:                                      "s.yaml:1:25: error[bad-value]: url of a webhook is empty|set the variable",
		`notify: {webhook: {url: "${NONE}"}}`:                                       "error[missing-environment]: the environment has no variable NONE",
		"notify: {webhook: {secret: T0KEN}}":                                        "error[missing-key]: a webhook needs url",
		"notify: {webhook: T0KEN}":                                                  "s.yaml:1:19: error[bad-value]: a webhook is a map of keys",
		"notify: T0KEN":                                                             "s.yaml:1:9: error[bad-value]: notify is off or a map of keys",
		"notify: {on: alerts, slack: {url: http://h}}":                              `s.yaml:1:14: error[bad-value]: on cannot be "alerts"|did you mean "alert"`,
		"notify: {on: alert}":                                                       "s.yaml:1:1: error[bad-value]: notify names no channel",
		"notify: {email: {server: mx, from: a@b, to: c@d}}":                         "s.yaml:1:26: error[bad-value]: server is not host:port",
		"notify: {email: {server: 'mx:25', from: nobody, to: c@d}}":                 "s.yaml:1:41: error[bad-value]: from holds what is no address",
		"notify: {email: {server: 'mx:25', from: a@b, to: [c@d, x]}}":               "s.yaml:1:56: error[bad-value]: to holds what is no address",
		"notify: {email: {server: 'mx:25', from: a@b, to: []}}":                     "error[bad-value]: nobody is named in to",
		"notify: {email: {server: 'mx:25', from: a@b, to: c@d, tls: ssl}}":          "error[bad-value]: tls cannot be",
		"notify: {email: {server: 'mx:25', passwort: T0KEN, from: a@b, to: [c@d]}}": `error[unknown-key]: email has no key "passwort"|did you mean "password"`,
	} {
		_, list, out := load(t, tree{"s.yaml": text + "\n"}, suites.Options{Env: vars}, "s.yaml")
		for part := range strings.SplitSeq(want, "|") {
			if !list.HasErrors() || !strings.Contains(out, part) || strings.Contains(out, "T0KEN") {
				t.Errorf("%s: no %q in\n%s", text, part, out)
			}
		}
	}
	_, list, out := load(t, tree{"s.yaml": "include: i.yaml\n", "i.yaml": "alerts: off\n"}, suites.Options{Env: vars}, "s.yaml")
	if !list.HasErrors() || !strings.Contains(out, "i.yaml:1:1: error[bad-value]: alerts says nothing in an included file") {
		t.Error(out)
	}
}
