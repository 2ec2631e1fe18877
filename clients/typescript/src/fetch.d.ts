// Connect's declarations name this type, which belongs to the DOM; the types of Node have `Headers` without it.
type HeadersInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;
