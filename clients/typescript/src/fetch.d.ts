// Connect's declarations use this DOM type, which Node's types lack.
type HeadersInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;
