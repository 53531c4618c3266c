/** What is taken when nobody chooses: every campaign that is assigned, and the extension
 * if there is but one. */
export function initial(session: { campaigns: { id: string }[]; extensions: { id: string }[] }) {
  const [extension, ...others] = session.extensions;
  return {
    campaigns: session.campaigns.map((campaign) => campaign.id),
    extension: extension && others.length === 0 ? extension.id : '',
  };
}
