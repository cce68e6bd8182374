package query

// Refusal says that a source cannot evaluate a part of a request exactly.
// It is an answer, not a failure: the caller evaluates that part itself.
type Refusal struct {
	Reason string // stable, pinned by tests; says the engine and the construct
	Span   Span
}

// Error implements error.
func (r *Refusal) Error() string { return r.Reason }

// WithoutValues is the reason, which no row had a part in.
func (r *Refusal) WithoutValues() string { return r.Reason }

// Caps says what a source evaluates exactly. A source decides by the same code that renders.
type Caps struct {
	// Expr returns nil where the source evaluates e exactly over the relation, else why not.
	Expr func(from Relation, e Expr) *Refusal
	// Measure likewise for a whole measure (its Arg, Where and Skip included).
	Measure func(from Relation, m Measure) *Refusal
	// Set likewise for a set-level check.
	Set func(SetCheck) *Refusal
	// Join returns nil where the source evaluates the joins of the relation exactly, else why not; it is nil where the source joins nothing.
	Join func(from Relation) *Refusal
	// KeyOrder is true where Select returns rows in key order without sorting them all first here.
	KeyOrder bool
	// UnorderedFaster is true where reading rows in key order costs so much more than reading them in any order that who needs the
	// order should rather sort key ranges itself.
	UnorderedFaster bool
	// Group is true where Aggregate takes GroupBy.
	Group bool
}

// Statement is what is sent to a server: SQL with its bound parameters, or a request line and JSON body.
type Statement struct {
	Text string
	// Args are the bound parameters as text, for people; never secrets.
	Args []string
	// Only says when it is sent at all, "" for always: "only where …"; or of how many places it asks, of which few are shown.
	Only string
}
