package suites

import (
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/expectations/alert"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites/schema"
)

// takeAlerts decodes when somebody is told, and where. Secrets are hidden before anything is reported.
func (b *builder) takeAlerts(f *file, o *object, may bool) {
	if p, ok := o.pairs["notify"]; ok {
		b.hideChannels(f, p)
	}
	for _, k := range []string{"alerts", "notify"} {
		if _, ok := o.pairs[k]; ok && !may {
			b.list.Errorf("bad-value", o.keyAt(k), "put it into the suite itself, or into "+ConfigName, "%s says nothing in an included file", k)
			return
		}
	}
	if o.has("alerts") {
		b.alerts = append(b.alerts, o)
	}
	if o.has("notify") && b.notifyAt.File == "" {
		b.notifyAt = o.keyAt("notify")
		b.notify = b.takeNotify(f, o)
	}
}

// off reports whether a key of kind Switch is off; otherwise its map is returned, nil where there is none that can be read.
func (b *builder) off(o *object, key string) (off bool, sub *object) {
	if !o.has(key) {
		return false, nil
	}
	n := o.pairs[key].value
	switch {
	case n.Kind == yaml.ScalarNode && (strings.EqualFold(n.Value, "off") || strings.EqualFold(n.Value, "false")):
		return true, nil
	case n.Kind != yaml.MappingNode:
		b.list.Errorf("bad-value", o.file.span(n), key+": off switches it off", "%s is off or a map of keys, not %s", key, kindName(n))
		return false, nil
	}
	fd, _ := o.decl.Field(key)
	sub, ok := b.object(o.file, n, *fd.Of, o.keyAt(key))
	if !ok || sub.broken {
		return false, nil
	}
	return false, sub
}

// rules are the alert rules: what is usual, then what assay.yaml says, then the suite.
func (b *builder) rules() alert.Rules {
	r := alert.Default()
	for _, o := range slices.Backward(b.alerts) {
		off, sub := b.off(o, "alerts")
		if off {
			r.Inconsistency.Off, r.Duration.Off, r.Rows.Off, r.Corrections.Off, r.Errors.Off, r.Lag.Off = true, true, true, true, true, true
		}
		if sub == nil {
			continue
		}
		if s := b.rule(sub, "inconsistency", &r.Inconsistency.Off); s != nil {
			s.threshold("warning", &r.Inconsistency.Warning)
			s.threshold("critical", &r.Inconsistency.Critical)
			if r.Inconsistency.Warning > r.Inconsistency.Critical {
				b.list.Errorf("bad-value", sub.keyAt("inconsistency"), "", "a rate warns from %s on and is critical from %s on: the other way about", diag.Percent(r.Inconsistency.Warning), diag.Percent(r.Inconsistency.Critical))
			}
		}
		if s := b.rule(sub, "duration", &r.Duration.Off); s != nil {
			s.times(&r.Duration.Times)
			if d, ok := s.duration("at_least"); ok {
				r.Duration.AtLeast = d
			}
		}
		if s := b.rule(sub, "rows", &r.Rows.Off); s != nil {
			s.threshold("below", &r.Rows.Below)
		}
		if s := b.rule(sub, "corrections", &r.Corrections.Off); s != nil {
			s.times(&r.Corrections.Times)
			if n, ok := s.count("at_least"); ok {
				r.Corrections.AtLeast = n
			}
		}
		if s := b.rule(sub, "errors", &r.Errors.Off); s != nil {
			if n, ok := s.count("above"); ok {
				r.Errors.Above = n
			}
		}
		if s := b.rule(sub, "lag", &r.Lag.Off); s != nil {
			if d, ok := s.duration("above"); ok {
				r.Lag.Above = d
			}
		}
	}
	return r
}

// rule sets whether a rule is off, where the map says so, and returns its thresholds.
func (b *builder) rule(o *object, key string, off *bool) *object {
	is, sub := b.off(o, key)
	if is || sub != nil {
		*off = is
	}
	return sub
}

// threshold sets a share from 0 to 1.
func (o *object) threshold(key string, to *float64) {
	if !o.has(key) {
		return
	}
	before := len(o.list)
	v := o.share(key)
	if v > 1 {
		o.bad(key, "write 0.1% or 0.001", "%s is not a share", key)
	}
	if len(o.list) == before {
		*to = v
	}
}

func (o *object) times(to *float64) {
	v, ok := o.number("times")
	switch {
	case !ok:
	case v < 1:
		o.bad("times", "2 is twice as much", "times is a number from 1 on")
	default:
		*to = v
	}
}

// hideChannels hides every value that may hold a secret.
func (b *builder) hideChannels(f *file, p pair) {
	if p.value.Kind != yaml.MappingNode {
		f.hideValue(p.key, p.value)
		return
	}
	decl := schema.Notify()
	for i := 0; i+1 < len(p.value.Content); i += 2 {
		k, v := p.value.Content[i], follow(p.value.Content[i+1])
		fd, ok := decl.Field(k.Value)
		switch {
		case ok && fd.Plain:
		case !ok || v.Kind != yaml.MappingNode:
			f.hideValue(k, p.value.Content[i+1])
		default:
			for j := 0; j+1 < len(v.Content); j += 2 {
				if sub, ok := fd.Of.Field(v.Content[j].Value); !ok || !sub.Plain {
					f.hideValue(v.Content[j], v.Content[j+1])
				}
			}
		}
	}
}

// takeNotify decodes the channels. No message of it repeats a value.
func (b *builder) takeNotify(f *file, o *object) spec.Notify {
	var out spec.Notify
	_, sub := b.off(o, "notify")
	if sub == nil {
		return out
	}
	words, at := sub.strs("on")
	fd, _ := sub.decl.Field("on")
	for i, w := range words {
		if !slices.Contains(fd.Enum, w) {
			hint := diag.DidYouMean(w, fd.Enum)
			if hint == "" {
				hint = "it is one or several of " + strings.Join(fd.Enum, ", ")
			}
			b.list.Errorf("bad-value", at[i], hint, "on cannot be %s", quote(w))
		}
	}
	out.On = words
	if s := b.channel(sub, "webhook"); s != nil {
		out.Webhook = &spec.Webhook{URL: b.address(f, s), Secret: b.secret(f, s, "secret")}
	}
	if s := b.channel(sub, "slack"); s != nil {
		out.Slack = &spec.Webhook{URL: b.address(f, s)}
	}
	if s := b.channel(sub, "email"); s != nil {
		out.Email = b.takeEmail(f, s)
	}
	if out.Webhook == nil && out.Slack == nil && out.Email == nil && !sub.broken && len(sub.order) <= 1 {
		b.list.Errorf("bad-value", o.keyAt("notify"), "add webhook, slack or email", "notify names no channel")
	}
	return out
}

func (b *builder) channel(o *object, key string) *object {
	if !o.has(key) {
		return nil
	}
	fd, _ := o.decl.Field(key)
	s, ok := b.object(o.file, o.pairs[key].value, *fd.Of, o.keyAt(key))
	if !ok || s.broken {
		return nil
	}
	return s
}

// secret is a text with its references to the environment resolved.
func (b *builder) secret(f *file, o *object, key string) string {
	if !o.has(key) {
		return ""
	}
	return b.secretOf(f, o, key, o.pairs[key].value)
}

func (b *builder) secretOf(f *file, o *object, key string, n *yaml.Node) string {
	n = follow(n)
	if n.Kind != yaml.ScalarNode || isNull(n) {
		b.list.Errorf("bad-value", f.span(n), "", "%s of %s is a single text, not %s", key, o.decl.Name, kindName(n))
		return ""
	}
	keep := b.opts.KeepMissingEnv
	b.opts.KeepMissingEnv = keep || b.opts.Unsent
	v, ok := b.environment(f, n)
	b.opts.KeepMissingEnv = keep
	if ok && strings.TrimSpace(v) == "" {
		b.list.Errorf("bad-value", f.span(n), "set the variable, or leave "+key+" out", "%s of %s is empty", key, o.decl.Name)
	}
	return v
}

// unresolved reports whether a text still has a reference: a command that connects nowhere leaves them.
func (b *builder) unresolved(s string) bool {
	return s == "" || (b.opts.KeepMissingEnv || b.opts.Unsent) && strings.Contains(s, "${")
}

func (b *builder) address(f *file, o *object) string {
	v := b.secret(f, o, "url")
	if u, err := url.Parse(v); !b.unresolved(v) && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		o.bad("url", "", "url of %s does not begin with https://host", o.decl.Name)
	}
	return v
}

func (b *builder) takeEmail(f *file, o *object) *spec.Email {
	e := &spec.Email{TLS: "starttls"}
	if v := o.enum("tls"); v != "" {
		e.TLS = v
	}
	e.Server, e.Username, e.Password, e.From = b.secret(f, o, "server"), b.secret(f, o, "username"), b.secret(f, o, "password"), b.secret(f, o, "from")
	if _, port, err := net.SplitHostPort(e.Server); !b.unresolved(e.Server) && (err != nil || port == "") {
		o.bad("server", "write smtp.example.com:587", "server is not host:port")
	}
	check := func(n *yaml.Node, key, s string) {
		if _, err := mail.ParseAddress(s); err != nil && !b.unresolved(s) {
			b.list.Errorf("bad-value", f.span(n), "write data@example.com", "%s holds what is no address", key)
		}
	}
	check(o.pairs["from"].value, "from", e.From)
	n := o.pairs["to"].value
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	for _, c := range items {
		s := b.secretOf(f, o, "to", c)
		check(c, "to", s)
		e.To = append(e.To, s)
	}
	if len(items) == 0 {
		o.bad("to", "", "nobody is named in to")
	}
	return e
}
