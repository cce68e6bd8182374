package schema

// Alerts returns the rules that say when somebody is told.
func Alerts() Object {
	rules := Rules()
	return Object{
		Name: "alerts",
		Doc:  "When somebody is told. Every rule is on unless said; `off` instead of a map switches one off, or all of them. They may stand in assay.yaml beside the suite, rule by rule.",
		Fields: []Field{
			{Name: "inconsistency", Kind: Switch, Of: &rules[0], Doc: "the share of judged rows that are false, of all row expectations and comparisons together"},
			{Name: "duration", Kind: Switch, Of: &rules[1], Doc: "how long the run took, against the median of the runs before"},
			{Name: "rows", Kind: Switch, Of: &rules[2], Doc: "a dataset with fewer rows than its runs before let expect"},
			{Name: "corrections", Kind: Switch, Of: &rules[3], Doc: "corrected rows, against the median of the runs before that corrected any"},
			{Name: "errors", Kind: Switch, Of: &rules[4], Doc: "expectations and rows that could not be evaluated"},
			{Name: "lag", Kind: Switch, Of: &rules[5], Doc: "how old the newest row is: `fresh` expectations, and metrics tagged `fresh` or `lag`"},
		},
	}
}

// Rules returns the thresholds of each rule, in the order of Alerts.
func Rules() []Object {
	return []Object{
		{Name: "the inconsistency rule", Doc: "Shares of false rows.", Fields: []Field{
			{Name: "warning", Kind: Rate, Doc: "a rate above it warns; 0.1% unless said"},
			{Name: "critical", Kind: Rate, Doc: "a rate above it is critical; 1% unless said"},
		}},
		{Name: "the duration rule", Doc: "A run that takes long. It takes three earlier runs.", Fields: []Field{
			{Name: "times", Kind: Number, Doc: "how many times the median is too much; 2 unless said"},
			{Name: "at_least", Kind: Duration, Doc: "a shorter run never fires; 1s unless said"},
		}},
		{Name: "the rows rule", Doc: "A drop in rows: below the band of the baseline, and while that learns below a share of the median of at least three runs.", Fields: []Field{
			{Name: "below", Kind: Rate, Doc: "the share of the median; 50% unless said"},
		}},
		{Name: "the corrections rule", Doc: "A spike in corrections. It takes three earlier runs that corrected rows.", Fields: []Field{
			{Name: "times", Kind: Number, Doc: "how many times the median is too much; 3 unless said"},
			{Name: "at_least", Kind: Count, Doc: "fewer corrected rows never fire; 10 unless said"},
		}},
		{Name: "the errors rule", Doc: "What could not be evaluated: any is too much unless said.", Fields: []Field{
			{Name: "above", Kind: Count, Doc: "how many expectations and rows may; 0 unless said"},
		}},
		{Name: "the lag rule", Doc: "The age of the newest row.", Fields: []Field{
			{Name: "above", Kind: Duration, Doc: "the age that is too much, whatever the expectation allows; its own `max_age` unless said"},
		}},
	}
}

// Notify returns the declaration of where messages go.
func Notify() Object {
	channels := Channels()
	return Object{
		Name: "notify",
		Doc:  "Where a run's one message goes. ${ENV} is replaced in the values of channels. It may stand in assay.yaml beside the suite.",
		Fields: []Field{
			{
				Name: "on", Kind: Words, Enum: []string{"alert", "failure", "recovery", "always"}, Plain: true,
				Doc: "when it is sent: an alert rule fired, the run did not pass, the last run did not pass and this one does, or always; alert unless said",
			},
			{Name: "webhook", Kind: Nested, Of: &channels[0], Doc: "JSON, signed"},
			{Name: "slack", Kind: Nested, Of: &channels[1], Doc: "an incoming webhook of Slack"},
			{Name: "email", Kind: Nested, Of: &channels[2], Doc: "plain text and HTML by SMTP"},
		},
	}
}

// Channels returns the declarations of a webhook, of Slack and of e-mail.
func Channels() []Object {
	return []Object{
		{Name: "a webhook", Doc: "A program that takes messages by POST.", Fields: []Field{
			{Name: "url", Kind: String, Required: true, Doc: "its URL"},
			{Name: "secret", Kind: String, Doc: "the key of the signature (HMAC-SHA-256); unsigned unless said"},
		}},
		{Name: "slack", Doc: "A channel of Slack.", Fields: []Field{
			{Name: "url", Kind: String, Required: true, Doc: "the URL of the incoming webhook, which is a secret"},
		}},
		{Name: "email", Doc: "Recipients of e-mail, and the server that takes it.", Fields: []Field{
			{Name: "server", Kind: String, Required: true, Plain: true, Doc: "host:port"},
			{Name: "tls", Kind: Enum, Enum: []string{"starttls", "tls", "none"}, Plain: true, Doc: "how the connection is encrypted: starttls unless said; none is for a server on the same machine"},
			{Name: "username", Kind: String, Doc: "the account"},
			{Name: "password", Kind: String, Doc: "its password"},
			{Name: "from", Kind: String, Required: true, Plain: true, Doc: "the sender's address"},
			{Name: "to", Kind: Strings, Required: true, Plain: true, Doc: "the recipients' addresses"},
		}},
	}
}
